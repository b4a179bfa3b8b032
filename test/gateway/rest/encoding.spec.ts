import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { jsonAnswer } from "../../../gateway/rest/answer.ts";
import { encoded, encodingFor } from "../../../gateway/rest/encoding.ts";

for (const [accept, want] of [
  [undefined, undefined],
  ["", undefined],
  ["identity", undefined],
  ["deflate, zstd", undefined],
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["GZIP ; q=0.5", "gzip"],
  ["br", "br"],
  ["gzip, deflate, br", "br"],
  ["br;q=0.8, gzip", "gzip"],
  ["br;q=0, gzip;q=0.1", "gzip"],
  ["br;q=0, gzip;q=0", undefined],
  ["*", "br"],
  ["*;q=0", undefined],
  ["br;q=0, *", "gzip"],
  ["gzip;q=nonsense", undefined],
] as const) {
  test(`Accept-Encoding ${JSON.stringify(accept)} is answered in ${want ?? "the plain"}`, () =>
    expect(encodingFor(accept)).toBe(want));
}

const LONG = jsonAnswer(Buffer.from(`{"predictions": [${"0.25, ".repeat(500)}0.5]}`));

for (const [encoding, decode] of [
  ["gzip", gunzipSync],
  ["br", brotliDecompressSync],
] as const) {
  test(`a long answer is compressed by ${encoding}`, async () => {
    const { body, headers, status } = await encoded(encoding, LONG);
    expect(decode(body)).toEqual(LONG.body);
    expect(body.length).toBeLessThan(LONG.body.length / 4);
    expect(status).toBe(200);
    expect(headers).toEqual({
      "content-type": "application/json",
      "content-encoding": encoding,
      vary: "Accept-Encoding",
    });
  });
}

test("a long answer that goes out plain says that it could have been another", async () => {
  const { body, headers } = await encoded(undefined, LONG);
  expect(body).toBe(LONG.body);
  expect(headers).toEqual({ "content-type": "application/json", vary: "Accept-Encoding" });
});

test("what the answer depends on already stays", async () => {
  const answer = { ...LONG, headers: { vary: "Origin" } };
  expect((await encoded("gzip", answer)).headers).toMatchObject({ vary: "Origin, Accept-Encoding" });
});

test("a short answer goes out as it is", async () => {
  const short = jsonAnswer(Buffer.alloc(1023, " "));
  expect(await encoded("gzip, br", short)).toBe(short);
});
