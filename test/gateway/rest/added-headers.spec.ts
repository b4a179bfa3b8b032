import { expect, test } from "vitest";
import { InferenceError } from "../../../core/index.ts";
import { allOf } from "../setup/all-of.ts";
import { type RestUnderTest, startRest } from "../setup/rest.ts";

const BODY = '{"instances":[1]}';

/** Each call says so much, and then fails where its body asks for it. */
async function start(options: Parameters<typeof startRest>[0] = {}): Promise<RestUnderTest> {
  const rest = await startRest(options);
  const { serveWith } = rest.backend;
  rest.backend.serveWith = async (call, target) => {
    call.reply?.addHeader("x-arm", "old");
    call.reply?.addHeader("x-arm", "new");
    call.reply?.addHeader("content-type", "text/plain");
    if (call.header("x-fail") !== undefined) throw new InferenceError("UNAVAILABLE", "gone", { retryAfterMs: 1000 });
    return await serveWith(call, target);
  };
  return rest;
}

/** Chunks are for node:http, a plain request for the front before it. */
function request(way: "plain" | "chunks", fails: boolean): string {
  const head = `POST /v1/models/half:predict HTTP/1.1\r\nHost: h\r\n${fails ? "X-Fail: 1\r\n" : ""}`;
  if (way === "plain") return `${head}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;
  return `${head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
}

for (const way of ["plain", "chunks"] as const) {
  for (const { fails, status } of [
    { fails: false, status: 200 },
    { fails: true, status: 503 },
  ]) {
    test(`headers that a call adds leave with its ${status}, read by ${way}; what the edge says itself counts`, async () => {
      await using rest = await start();
      const socket = rest.socket();
      socket.write(request(way, fails));
      if (way === "plain") socket.once("data", () => socket.end());
      const text = await allOf(socket);
      expect(text).toContain(`HTTP/1.1 ${status} `);
      expect(text.match(/^x-arm: .*$/gim)).toEqual(["x-arm: new"]);
      expect(text.match(/^content-type: .*$/gim)).toEqual(["content-type: application/json"]);
    });
  }
}

test("they stand beside CORS headers and compression, and no page may read more than before", async () => {
  await using rest = await start({ cors: ["http://a.example"], maxBytes: 100_000 });
  const reply = await rest.ask("POST", "/v1/models/half:predict", {
    body: JSON.stringify({ instances: Array.from({ length: 1000 }, (_, i) => i) }),
    headers: { origin: "http://a.example", "accept-encoding": "gzip" },
  });
  expect(reply.status).toBe(200);
  expect(reply.headers.get("x-arm")).toBe("new");
  expect(reply.headers.get("content-encoding")).toBe("gzip");
  expect(reply.headers.get("vary")).toBe("Origin, Accept-Encoding");
  expect(reply.headers.get("access-control-allow-origin")).toBe("http://a.example");
  expect(reply.headers.has("access-control-expose-headers")).toBe(false);
});

test("an answer to which nothing was added has the headers that it always had", async () => {
  await using rest = await startRest();
  const reply = await rest.ask("POST", "/v1/models/half:predict", { body: BODY });
  expect([...reply.headers.keys()].sort()).toEqual([
    "connection",
    "content-length",
    "content-type",
    "date",
    "keep-alive",
  ]);
});
