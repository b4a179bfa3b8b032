import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { byteLengthOf } from "../../../core/index.ts";
import { IN_THREAD_BYTES } from "../../../gateway/threads/index.ts";
import { allOf } from "../setup/all-of.ts";
import { createLatch } from "../setup/latch.ts";
import { type Reply, type RestUnderTest, startRest } from "../setup/rest.ts";

const PREDICT = "/v1/models/half:predict";
const MAX_BYTES = 128 * 2 ** 20;

let rest: RestUnderTest;
beforeAll(async () => {
  rest = await startRest({ maxBytes: MAX_BYTES });
});
afterAll(() => rest[Symbol.asyncDispose]());

/** The same JSON, long enough for a thread. */
function long(json: string): string {
  const end = json.lastIndexOf("}");
  const at = end === -1 ? json.length : end;
  return json.slice(0, at) + " ".repeat(IN_THREAD_BYTES) + json.slice(at);
}

function told({ status, text }: Reply): { readonly status: number; readonly text: string } {
  return { status, text };
}

describe("a body that is decoded in a thread is answered as a short one is", () => {
  for (const { path = PREDICT, body } of [
    { body: '{"instances": [1, 2.5, -3e2]}' },
    { body: '{"instances": [{"x": 1}, {"x": 2}]}' },
    { body: '{"inputs": [[1, 2], [3, 4]]}' },
    { body: '{"inputs": {"x": 1}, "output_filter": ["y"]}' },
    { path: "/v1/models/half/versions/1:predict", body: '{"instances": [1]}' },
    { path: "/v1/models/half:classify", body: '{"examples": [{"f": 1}, {"f": [2, 3]}], "context": {"c": "d"}}' },
    { path: "/v1/models/half:regress", body: '{"examples": [{"f": 1}]}' },
    // What goes wrong in the syntax, the members, the version, the signature, and the values.
    { body: '{"instances": [1, }}' },
    { body: "{]}" },
    { body: '{"signature_name": 1}' },
    { body: '{"instances": [1], "inputs": [1]}' },
    { body: '{"instances": {}}' },
    { body: "{}" },
    { path: "/v1/models/nothing:predict", body: '{"instances": [1]}' },
    { path: "/v1/models/nothing:predict", body: '{"instances": [1}}' },
    { body: '{"signature_name": "nothing", "instances": [1]}' },
    { body: '{"signature_name": "constant", "instances": [1]}' },
    { body: '{"instances": ["text"]}' },
    { body: '{"instances": [[1], [2, 3]]}' },
    { body: '{"instances": [{"y": 1}]}' },
    { path: "/v1/models/half:classify", body: '{"examples": []}' },
    { path: "/v1/models/half:classify", body: '{"examples": [1]}' },
    { path: "/v1/models/half:regress", body: '{"instances": [1]}' },
    { path: "/v1/models/nothing:regress", body: '{"examples": [{"f": 1}]}' },
  ]) {
    test(`${path} ${body}`, async () => {
      const short = await rest.ask("POST", path, { body });
      expect(told(await rest.ask("POST", path, { body: long(body) }))).toEqual(told(short));
      const [shortLine, longLine] = rest.lines.slice(-2);
      for (const key of ["model", "version", "signature", "code", "status"])
        expect(longLine?.[key]).toEqual(shortLine?.[key]);
    });
  }
});

/** About 20 MB of JSON. */
const MANY = Array.from({ length: 2_000_000 }, (_, i) => i / 64);
const MANY_JSON = JSON.stringify({ instances: MANY });
const MANY_ANSWERS = MANY.map((x) => Math.fround(Math.fround(x) / 2 + 2));

test("millions of numbers come back in their order, also in an answer that is written in a thread", async () => {
  const reply = await rest.ask("POST", PREDICT, { body: MANY_JSON });
  expect(reply.status).toBe(200);
  const { predictions } = reply.json as { readonly predictions: readonly number[] };
  expect(predictions.length).toBe(MANY.length);
  expect(predictions.every((y, i) => Math.fround(y) === MANY_ANSWERS[i])).toBe(true);
});

test("so they do when their length is not told, and compressed", async () => {
  const asked = await rest.ask("POST", PREDICT, { body: MANY_JSON });
  const chunks = new ReadableStream({
    start(controller) {
      for (let at = 0; at < MANY_JSON.length; at += 1_000_003)
        controller.enqueue(Buffer.from(MANY_JSON.slice(at, at + 1_000_003)));
      controller.close();
    },
  });
  const chunked = await rest.ask("POST", PREDICT, { body: chunks, duplex: "half" });
  expect(chunked.text === asked.text).toBe(true);
  const headers = { "content-encoding": "gzip" };
  const inflated = await rest.ask("POST", PREDICT, { body: gzipSync(MANY_JSON, { level: 1 }), headers });
  expect(inflated.text === asked.text).toBe(true);
});

test("small requests are answered while a long body is decoded", async () => {
  const body = `{"instances": [${"1.25, ".repeat(10_000_000)}1]}`;
  const socket = rest.socket();
  const head = [`POST ${PREDICT} HTTP/1.1`, "host: x", `content-length: ${body.length}`, "connection: close", "", ""];
  socket.write(head.join("\r\n"));
  await new Promise((resolve) => socket.write(body, resolve));
  const over = new AbortController();
  const answered = once(socket, "data").finally(() => over.abort());
  // An event loop that did the decoding would come to one or two of them before the long answer.
  let count = 0;
  while (!over.signal.aborted) {
    expect((await rest.ask("POST", PREDICT, { body: '{"instances": [1]}' })).status).toBe(200);
    count++;
  }
  await answered;
  expect(count).toBeGreaterThan(10);
  socket.destroy();
});

test("a version with other types that a retry meets gets the body decoded anew", async () => {
  const { serveWith } = rest.backend;
  rest.backend.serveWith = async (call, target) => {
    const other = { ...target, version: 7n as typeof target.version };
    await call.body.prepare?.(other, call);
    const first = call.body.messageFor(other);
    expect(() => call.body.messageFor(target)).toThrow(TypeError);
    await call.body.prepare?.(target, call);
    expect(first.length).toBeGreaterThan(0);
    return await serveWith(call, target);
  };
  const reply = await rest.ask("POST", PREDICT, { body: long('{"instances": [1, 2]}') }).finally(() => {
    rest.backend.serveWith = serveWith;
  });
  expect(reply.json).toEqual({ predictions: [2.5, 3] });
});

test("bodies that together take more than they may are 503, and small ones go on", async () => {
  await using server = await startRest({ maxBytes: MAX_BYTES, maxBytesInFlight: 3_000_000 });
  const latch = createLatch();
  const { serveWith } = server.backend;
  server.backend.serveWith = async (call, target) => {
    if (byteLengthOf(call.body.messageFor(target)) > 100) await latch.opened;
    return await serveWith(call, target);
  };
  const body = `{"instances": [${"1, ".repeat(700_000)}1]}`;
  const held = server.ask("POST", PREDICT, { body });
  await expect.poll(() => server.backend.calls.length).toBe(1);

  const head = [`POST ${PREDICT} HTTP/1.1`, "host: x"];
  const announced = server.socket();
  announced.write([...head, `content-length: ${body.length}`, "expect: 100-continue", "", ""].join("\r\n"));
  expect(await allOf(announced)).toMatch(/^HTTP\/1\.1 503 .*retry-after: 1\r\n.*leave no memory/is);

  const chunked = server.socket();
  const chunk = `10000\r\n${" ".repeat(0x10000)}\r\n`;
  chunked.write([...head, "transfer-encoding: chunked", "", ""].join("\r\n") + chunk.repeat(30));
  expect(await allOf(chunked)).toMatch(/^HTTP\/1\.1 503 /);

  expect((await server.ask("POST", PREDICT, { body: '{"instances": [1]}' })).status).toBe(200);
  latch.open();
  expect((await held).status).toBe(200);
  expect((await server.ask("POST", PREDICT, { body })).status).toBe(200);
  // One alone may be longer than that.
  expect((await server.ask("POST", PREDICT, { body: `${body}${" ".repeat(2_000_000)}` })).status).toBe(200);
});

test("a client that goes away while its body is decoded is no request to the backend", async () => {
  const before = rest.backend.calls.length;
  const gaveUp = new AbortController();
  const asked = rest.ask("POST", PREDICT, { body: MANY_JSON, signal: gaveUp.signal });
  const isCancelled = (): boolean => rest.lines.some(({ status, code }) => status === 499 && code === "CANCELLED");
  setTimeout(() => gaveUp.abort(), 50);
  await expect(asked).rejects.toThrow("aborted");
  await expect.poll(isCancelled).toBe(true);
  expect(rest.backend.calls.length - before).toBeLessThanOrEqual(1);
  expect((await rest.ask("POST", PREDICT, { body: '{"instances": [1]}' })).status).toBe(200);
});
