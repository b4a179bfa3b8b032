import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { InferenceError, timeLeftMs } from "../../../core/index.ts";
import type { InferenceCall } from "../../../gateway/call.ts";
import { createRestServer } from "../../../gateway/rest/index.ts";
import { allOf } from "../setup/all-of.ts";
import { createLatch } from "../setup/latch.ts";
import { type RestUnderTest, startRest } from "../setup/rest.ts";

const PREDICT = "/v1/models/half:predict";
const BODY = { body: '{"instances": [1]}' };

let rest: RestUnderTest;
beforeEach(async () => {
  rest = await startRest({ timeoutMs: 5_000 });
});
afterEach(() => rest[Symbol.asyncDispose]());

for (const { code, status } of [
  { code: "CANCELLED", status: 499 },
  { code: "UNKNOWN", status: 500 },
  { code: "INVALID_ARGUMENT", status: 400 },
  { code: "DEADLINE_EXCEEDED", status: 504 },
  { code: "NOT_FOUND", status: 404 },
  { code: "ALREADY_EXISTS", status: 409 },
  { code: "PERMISSION_DENIED", status: 403 },
  { code: "RESOURCE_EXHAUSTED", status: 429 },
  { code: "FAILED_PRECONDITION", status: 400 },
  { code: "ABORTED", status: 409 },
  { code: "OUT_OF_RANGE", status: 400 },
  { code: "UNIMPLEMENTED", status: 501 },
  { code: "INTERNAL", status: 500 },
  { code: "UNAVAILABLE", status: 503 },
  { code: "DATA_LOSS", status: 500 },
  { code: "UNAUTHENTICATED", status: 401 },
] as const) {
  test(`${code} is ${status}, with its message uncut`, async () => {
    const message = `模型 "${"x".repeat(3000)}"\n`;
    rest.backend.serveWith = () => Promise.reject(new InferenceError(code, message));
    expect(await rest.ask("POST", PREDICT, BODY)).toMatchObject({ status, json: { error: message } });
  });
}

test("what may be tried again later says when, in whole seconds", async () => {
  rest.backend.serveWith = () => Promise.reject(new InferenceError("UNAVAILABLE", "loading", { retryAfterMs: 1200 }));
  const reply = await rest.ask("POST", PREDICT, BODY);
  expect(reply.headers.get("retry-after")).toBe("2");
});

test("an unexpected error shows nothing of itself to the client, and all to the log", async () => {
  rest.backend.serveWith = () => Promise.reject(new TypeError("secret"));
  expect(await rest.ask("POST", PREDICT, BODY)).toMatchObject({
    status: 500,
    json: { error: "internal error in the gateway" },
  });
  expect(rest.lines.find(({ msg }) => msg === "unexpected error")).toMatchObject({
    level: 50,
    err: { message: "secret" },
  });
});

test("the deadline is the time limit from when the body has come", async () => {
  await rest.ask("POST", PREDICT, BODY);
  const left = timeLeftMs(rest.backend.calls[0]?.deadline ?? 0);
  expect(left).toBeGreaterThan(3_000);
  expect(left).toBeLessThanOrEqual(5_000);
});

test("headers are told by lower-case name", async () => {
  await rest.ask("POST", PREDICT, {
    ...BODY,
    headers: [
      ["X-Tenant", "beta"],
      ["X-Two", "a"],
      ["x-two", "b"],
    ],
  });
  const call = rest.backend.calls[0] as InferenceCall;
  expect([call.header("x-tenant"), call.header("x-two"), call.header("x-none")]).toEqual(["beta", "a, b", undefined]);
});

test("a client that gives up aborts its call; it is logged as 499", async () => {
  const aborted = new Promise<void>((resolve) => {
    rest.backend.serveWith = (call) =>
      new Promise((_, reject) => {
        call.signal.addEventListener("abort", () => {
          resolve();
          reject(new InferenceError("CANCELLED", "the client gave up"));
        });
      });
  });
  const socket = rest.socket();
  socket.write(`POST ${PREDICT} HTTP/1.1\r\nhost: x\r\ncontent-length: 18\r\n\r\n{"instances": [1]}`);
  await expect.poll(() => rest.backend.calls.length).toBe(1);
  socket.destroy();
  await aborted;
  await expect
    .poll(() => rest.lines.at(-1))
    .toMatchObject({ msg: "access", status: 499, code: "CANCELLED", bytesOut: 0 });
});

test("a call that is answered is not aborted, nor by the end of its connection", async () => {
  await rest.ask("POST", PREDICT, { ...BODY, headers: { connection: "close" } });
  await rest.server.close(1_000);
  expect(rest.backend.calls[0]?.signal.aborted).toBe(false);
});

/** Keeps calls until told to answer them. */
function holdCalls(): () => void {
  const latch = createLatch();
  const { serveWith } = rest.backend;
  rest.backend.serveWith = async (call, target) => {
    await latch.opened;
    return await serveWith(call, target);
  };
  return latch.open;
}

test("draining, it is not ready, and each answer ends its connection", async () => {
  const answerNow = holdCalls();
  const inFlight = rest.ask("POST", PREDICT, BODY);
  await expect.poll(() => rest.backend.calls.length).toBe(1);
  rest.server.drain();
  const ready = await rest.ask("GET", "/readyz");
  expect(ready).toMatchObject({ status: 503, json: ["the server is shutting down"] });
  expect(ready.headers.get("connection")).toBe("close");
  answerNow();
  const reply = await inFlight;
  expect(reply.json).toEqual({ predictions: [2.5] });
  expect(reply.headers.get("connection")).toBe("close");
});

test("closing waits for what is in flight, and for nothing else", async () => {
  const answerNow = holdCalls();
  const idle = rest.socket();
  await once(idle, "connect");
  const inFlight = rest.ask("POST", PREDICT, BODY);
  await expect.poll(() => rest.backend.calls.length).toBe(1);
  const closed = rest.server.close(60_000);
  answerNow();
  expect((await inFlight).json).toEqual({ predictions: [2.5] });
  idle.resume();
  await Promise.all([closed, once(idle, "close")]);
});

test("closing ends idle connections at once, whoever has read from them", async () => {
  const idle = [rest.socket(), rest.socket(), rest.socket()];
  const ended = Promise.all(idle.map((socket) => allOf(socket)));
  idle[1]?.write(`POST ${PREDICT} HTTP/1.1\r\nhost: x\r\ncontent-length: 18\r\n\r\n{"instances": [1]}`);
  idle[2]?.write("GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n");
  await expect.poll(() => idle.map((socket) => socket.bytesRead > 0)).toEqual([false, true, true]);
  const answerNow = holdCalls();
  const inFlight = rest.ask("POST", PREDICT, BODY);
  await expect.poll(() => rest.backend.calls.length).toBe(2);
  const closed = rest.server.close(60_000);
  await ended;
  answerNow();
  expect((await inFlight).json).toEqual({ predictions: [2.5] });
  await closed;
});

test("closing cuts off what takes longer than its limit", async () => {
  holdCalls();
  const inFlight = rest.ask("POST", PREDICT, BODY);
  const outcome = expect(inFlight).rejects.toThrow("fetch failed");
  await expect.poll(() => rest.backend.calls.length).toBe(1);
  await rest.server.close(50);
  await outcome;
});

test("a taken port is told in words", async () => {
  const { log, observer, metrics } = rest.parts;
  const second = createRestServer({
    host: "127.0.0.1",
    port: rest.port,
    config: { port: rest.port, timeoutMs: 1, maxBytesInFlight: undefined, maxBytes: 1, cors: false },
    compatibility: () => ({ strictJson: false, urlSafeBase64: false }),
    monitoringPath: undefined,
    backend: rest.backend,
    observer,
    metrics,
    log,
  });
  await expect(second.listen()).rejects.toThrow(`cannot listen for REST: 127.0.0.1:${rest.port} is already in use`);
  await second.close(0);
});
