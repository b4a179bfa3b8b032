import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allOf } from "../setup/all-of.ts";
import { type RestUnderTest, startRest } from "../setup/rest.ts";

const MAX_BYTES = 100_000;
const PREDICT = "/v1/models/half:predict";
const TOO_LARGE = `{\n    "error": "the body is longer than ${MAX_BYTES} bytes"\n}`;

let rest: RestUnderTest;
beforeAll(async () => {
  rest = await startRest({ maxBytes: MAX_BYTES });
});
afterAll(() => rest[Symbol.asyncDispose]());

/** Of exactly so many bytes. */
function bodyOf(bytes: number): string {
  const start = '{"instances": [1]';
  return `${start}${" ".repeat(bytes - start.length - 1)}}`;
}

function head(lines: readonly string[]): string {
  return [`POST ${PREDICT} HTTP/1.1`, "host: x", ...lines, "", ""].join("\r\n");
}

test("a body as long as the limit is taken", async () => {
  expect((await rest.ask("POST", PREDICT, { body: bodyOf(MAX_BYTES) })).json).toEqual({ predictions: [2.5] });
});

test("a longer one is 413, and whoever sends it all gets the answer", async () => {
  const reply = await rest.ask("POST", PREDICT, { body: bodyOf(MAX_BYTES + 1) });
  expect(reply).toMatchObject({ status: 413, text: TOO_LARGE });
  expect(reply.headers.get("content-type")).toBe("application/json");
});

test("a Content-Length over the limit is answered before any of the body, and the connection ends", async () => {
  const socket = rest.socket();
  const answer = allOf(socket);
  socket.write(head([`content-length: ${2 ** 40}`]));
  expect(await answer).toMatch(/^HTTP\/1\.1 413 .*connection: close.*the body is longer than 100000 bytes/is);
});

test("a chunked body is cut off at the limit: the rest is not waited for", async () => {
  const socket = rest.socket();
  const answer = allOf(socket);
  const chunk = `4000\r\n${" ".repeat(0x4000)}\r\n`;
  socket.write(head(["transfer-encoding: chunked"]) + chunk.repeat(8));
  expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
});

test("a client that asks first is not told to go on with too long a body", async () => {
  const socket = rest.socket();
  const answer = allOf(socket);
  socket.write(head([`content-length: ${MAX_BYTES + 1}`, "expect: 100-continue"]));
  expect(await answer).toMatch(/^HTTP\/1\.1 413 /);

  const modest = rest.socket();
  const body = bodyOf(500);
  modest.write(head(["content-length: 500", "expect: 100-continue", "connection: close"]));
  expect(String((await once(modest, "data"))[0])).toMatch(/^HTTP\/1\.1 100 /);
  const second = allOf(modest);
  modest.write(body);
  expect(await second).toMatch(/^HTTP\/1\.1 200 /);
});

test("a body without a Content-Type is read", async () => {
  const socket = rest.socket();
  const answer = allOf(socket);
  socket.write(`${head(["content-length: 20", "connection: close"])}{"instances": [1.0]}`);
  expect(await answer).toMatch(/^HTTP\/1\.1 200 .*2\.5/s);
});

test("a gzipped body is inflated", async () => {
  const headers = { "content-encoding": "x-gzip, gzip" };
  const reply = await rest.ask("POST", PREDICT, { body: gzipSync('{"instances": [1]}'), headers });
  expect(reply.json).toEqual({ predictions: [2.5] });
});

test("a body that would be too long inflated is 413", async () => {
  const headers = { "content-encoding": "gzip" };
  const bomb = gzipSync(Buffer.alloc(20_000_000, " "));
  expect(bomb.length).toBeLessThan(MAX_BYTES);
  expect(await rest.ask("POST", PREDICT, { body: bomb, headers })).toMatchObject({ status: 413, text: TOO_LARGE });
});

test("what says gzip and is not is 400, as no body is", async () => {
  const headers = { "content-encoding": "gzip" };
  const reply = await rest.ask("POST", PREDICT, { body: '{"instances": [1]}', headers });
  expect(reply).toMatchObject({
    status: 400,
    json: { error: expect.stringMatching(/^JSON Parse error: The document is empty; .*inflated/) },
  });
});

test("a client that goes away in the middle of its body is no request to the backend", async () => {
  const before = rest.backend.calls.length;
  const socket = rest.socket();
  socket.write(`${head(["content-length: 500"])}{"instances"`);
  socket.on("connect", () => socket.end());
  socket.resume();
  await once(socket, "close");
  await expect
    .poll(() => rest.lines.find((line) => line["code"] === "CANCELLED"))
    .toMatchObject({ status: 499, bytesOut: 0 });
  expect(rest.backend.calls.length).toBe(before);
});

test("the body of a request that needs none does not spoil the connection", async () => {
  const socket = rest.socket();
  const answers = allOf(socket);
  socket.write(
    `${head(["content-length: 2"]).replace(PREDICT, "/v1/nothing")}{}GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
  );
  expect(await answers).toMatch(/^HTTP\/1\.1 400 .*Malformed request/s);
});
