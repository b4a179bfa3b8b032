import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import type { BreakerConfig } from "../../../config/index.ts";
import { deadlineIn, InferenceError, joined, NO_DEADLINE } from "../../../core/index.ts";
import { failureOf } from "../../../gateway/upstream/call-failure.ts";
import { Endpoint } from "../../../gateway/upstream/endpoint.ts";
import type { CallLimits } from "../../../gateway/upstream/unary-call.ts";
import { originTrailer, type RawServer, startRawServer } from "./raw-server.ts";
import { socketFolder, startFakeWorker } from "./worker-process.ts";

const BREAKER: BreakerConfig = { errorThresholdPercent: 50, windowMs: 10_000, minRequests: 3, resetTimeoutMs: 100 };
const NO_LIMITS: CallLimits = { deadline: NO_DEADLINE, signal: new AbortController().signal };
const text = (message: string): Buffer => Buffer.from(message);

function connectTo(
  target: string,
  onBreaker: (state: string) => void = () => {},
  isOwn = true,
): { readonly endpoint: Endpoint; readonly suspected: () => number } & Disposable {
  let suspected = 0;
  const endpoint = new Endpoint({
    name: "worker-0",
    target,
    isOwn,
    breaker: BREAKER,
    onSuspect: () => suspected++,
    onBreaker,
  });
  endpoint.found();
  return { endpoint, suspected: () => suspected, [Symbol.dispose]: () => endpoint.close() };
}

async function failureWith(promise: Promise<unknown>) {
  const error = await promise.then(
    () => expect.fail("it was answered"),
    (thrown: unknown) => thrown as InferenceError,
  );
  expect(error).toBeInstanceOf(InferenceError);
  const { code, origin, message, retryable } = error;
  return { code, origin, message, retryable, kind: failureOf(error)?.kind };
}

/** A TCP port that nobody listens on. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

test("in any form, only a worker of ours is asked in a way of our own", async () => {
  using server = await startRawServer((message) => message);
  using foreign = connectTo(server.port, undefined, false);
  using own = connectTo(server.port);
  const ask = async ({ endpoint }: { endpoint: Endpoint }): Promise<Uint8Array> =>
    joined(await endpoint.call("Predict", text("a"), NO_LIMITS, { inAnyForm: true }));
  expect(await ask(foreign)).toEqual(text("a"));
  // The server has the service of TensorFlow Serving alone.
  expect((await failureWith(ask(own))).message).toContain("/tensorgate.v1.WorkerInference/Predict");
});

test("calls of a name go where its control connection has come to, and follow that", async () => {
  const seen: string[] = [];
  const server = (name: string): Promise<RawServer> =>
    startRawServer((message) => {
      seen.push(name);
      return message;
    });
  using first = await server("first");
  using second = await server("second");
  // Nobody has that name.
  using connected = connectTo("workers.invalid:8500");
  const { endpoint } = connected;
  for (const { port } of [first, second, second, first]) {
    endpoint.found(port);
    await endpoint.call("Predict", text("x"), NO_LIMITS);
  }
  expect(seen).toEqual(["first", "second", "second", "first"]);
  endpoint.found("no address");
  expect(await failureWith(endpoint.call("Predict", text("x"), NO_LIMITS))).toMatchObject({ kind: "refused" });
});

test("a worker of ours is called by the name that it has for proxies on the way", async () => {
  using server = await startRawServer((message) => message);
  const first = server.nextCall();
  using connected = connectTo(server.port);
  await connected.endpoint.call("Predict", text("x"), NO_LIMITS);
  expect((await first).host).toBe(server.port);
});

/** Calls go over grpc-js to servers that are not ours, and over a connection of our own to workers. */
describe.each([
  { to: "a worker's port", over: "port", isOwn: true },
  { to: "a worker's socket", over: "socket", isOwn: true },
  { to: "another server's port", over: "port", isOwn: false },
] as const)("to $to", ({ over, isOwn }) => {
  const connect = (target: string, onBreaker?: (state: string) => void) => connectTo(target, onBreaker, isOwn);

  test("sends the message's bytes and answers with the answer's, beyond gRPC's 4 MB", async () => {
    using server = await startRawServer((message) => message);
    using connected = connect(server[over]);
    const message = new Uint8Array(6_000_000).fill(7);
    expect(Buffer.compare(joined(await connected.endpoint.call("Predict", message, NO_LIMITS)), message)).toBe(0);
  });

  describe("an error answer keeps the worker's code and message;", () => {
    for (const { name, status, want } of [
      {
        name: "the worker is to blame unless it says otherwise",
        status: { code: 13, details: "broken" },
        want: { code: "INTERNAL", origin: "worker", message: "broken", retryable: false, kind: undefined },
      },
      {
        name: "the origin is the one in the trailers",
        status: { code: 3, details: "bad feed", metadata: originTrailer("client") },
        want: { code: "INVALID_ARGUMENT", origin: "client", message: "bad feed", retryable: false, kind: undefined },
      },
      {
        name: "a text that was cut for the status is told whole",
        status: { code: 3, details: "a long sto...TRUNCATED", metadata: originTrailer("client", "a long story: 名") },
        want: {
          code: "INVALID_ARGUMENT",
          origin: "client",
          message: "a long story: 名",
          retryable: false,
          kind: undefined,
        },
      },
      {
        name: "an unloaded version can be resolved again",
        status: { code: 5, details: "Servable not found for request: Specific(m, 1)" },
        want: {
          code: "NOT_FOUND",
          origin: "worker",
          message: "Servable not found for request: Specific(m, 1)",
          retryable: true,
          kind: "unloaded",
        },
      },
      {
        name: "what a graph does not find is not looked for again",
        status: { code: 5, details: "key 7 is not in the table" },
        want: {
          code: "NOT_FOUND",
          origin: "worker",
          message: "key 7 is not in the table",
          retryable: false,
          kind: undefined,
        },
      },
      {
        name: "UNAVAILABLE may be tried elsewhere",
        status: { code: 14, details: "queue full" },
        want: { code: "UNAVAILABLE", origin: "worker", message: "queue full", retryable: true, kind: "unavailable" },
      },
      {
        name: "its own deadline is told in its words",
        status: { code: 4, details: "the run took too long" },
        want: {
          code: "DEADLINE_EXCEEDED",
          origin: "worker",
          message: "the run took too long",
          retryable: false,
          kind: undefined,
        },
      },
    ]) {
      test(name, async () => {
        using server = await startRawServer(() => status);
        using connected = connect(server[over]);
        expect(await failureWith(connected.endpoint.call("Predict", text("x"), NO_LIMITS))).toEqual(want);
        expect(connected.endpoint.ready).toBe(true);
      });
    }
  });

  test("a deadline goes on the wire, and a call that outlasts it is told as TensorFlow tells it", async () => {
    using server = await startRawServer(() => "never");
    using connected = connect(server[over]);
    const seen = server.nextCall();
    const failure = failureWith(
      connected.endpoint.call("Predict", text("x"), { ...NO_LIMITS, deadline: deadlineIn(300) }),
    );
    expect((await seen).deadlineMs).toBeGreaterThan(0);
    expect((await seen).deadlineMs).toBeLessThanOrEqual(300);
    expect(await failure).toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: "Timed out waiting for notification",
      retryable: false,
    });
    expect(connected.endpoint).toMatchObject({ ready: true, inFlight: 0 });
  });

  test("without a deadline none goes on the wire", async () => {
    using server = await startRawServer((message) => message);
    using connected = connect(server[over]);
    const seen = server.nextCall();
    await connected.endpoint.call("Predict", text("x"), NO_LIMITS);
    expect((await seen).deadlineMs).toBeUndefined();
  });

  test("a client that gives up is heard by the worker", async () => {
    using server = await startRawServer(() => "never");
    using connected = connect(server[over]);
    const client = new AbortController();
    const seen = server.nextCall();
    const failure = failureWith(connected.endpoint.call("Predict", text("x"), { ...NO_LIMITS, signal: client.signal }));
    await seen;
    expect(connected.endpoint.inFlight).toBe(1);
    client.abort();
    expect(await failure).toMatchObject({ code: "CANCELLED", origin: "client", retryable: false });
    await (await seen).cancelled;
    expect(connected.endpoint).toMatchObject({ ready: true, inFlight: 0 });
  });

  test("a client that has given up before sends nothing", async () => {
    using server = await startRawServer(() => expect.fail("the call was sent"));
    using connected = connect(server[over]);
    const failure = failureWith(
      connected.endpoint.call("Predict", text("x"), { ...NO_LIMITS, signal: AbortSignal.abort() }),
    );
    expect(await failure).toMatchObject({ code: "CANCELLED" });
  });

  test("a dead port is refused, and the endpoint is out at once", async () => {
    using connected = connect(`127.0.0.1:${await deadPort()}`);
    const { endpoint, suspected } = connected;
    expect(await failureWith(endpoint.call("Predict", text("x"), NO_LIMITS))).toEqual({
      code: "UNAVAILABLE",
      origin: "worker",
      message: "worker-0 cannot be reached",
      retryable: true,
      kind: "refused",
    });
    expect(endpoint).toMatchObject({ ready: false, pickable: false });
    expect(suspected()).toBe(1);
  });

  test("a killed process has dropped what was in flight, and the endpoint is out at once", async () => {
    using folder = socketFolder();
    await using worker = await startFakeWorker(folder.path("a.sock"));
    using connected = connect(`unix:${folder.path("a.sock")}`);
    const { endpoint, suspected } = connected;
    expect(String(await endpoint.call("Predict", text("pid"), NO_LIMITS))).toBe(String(worker.child.pid));
    const inFlight = ["hang", "hang", "die"].map((message) =>
      failureWith(endpoint.call("Predict", text(message), NO_LIMITS)),
    );
    for (const failure of await Promise.all(inFlight)) {
      expect(failure).toMatchObject({ code: "UNAVAILABLE", origin: "worker", retryable: true, kind: "dropped" });
    }
    expect(endpoint.ready).toBe(false);
    expect(suspected()).toBe(1);
  });

  describe("the breaker", () => {
    test("does not count what a graph, a deadline or a client ends", async () => {
      using server = await startRawServer((message) =>
        String(message) === "never" ? "never" : { code: 13, details: "graph" },
      );
      using connected = connect(server[over]);
      const { endpoint } = connected;
      for (let i = 0; i < 5; i++) {
        await failureWith(endpoint.call("Predict", text("graph"), NO_LIMITS));
        await failureWith(endpoint.call("Predict", text("never"), { ...NO_LIMITS, deadline: deadlineIn(5) }));
        await failureWith(endpoint.call("Predict", text("never"), { ...NO_LIMITS, signal: AbortSignal.timeout(5) }));
      }
      expect(endpoint).toMatchObject({ breakerState: "closed", pickable: true });
    });

    test("does not count what becomes of copies, which nobody waits for", async () => {
      using server = await startRawServer(() => ({ code: 14, details: "sick" }));
      using connected = connect(server[over]);
      const { endpoint } = connected;
      for (let i = 0; i < 10; i++) {
        await failureWith(endpoint.call("Predict", text("x"), NO_LIMITS, { isCopy: true }));
      }
      expect(endpoint).toMatchObject({ breakerState: "closed", pickable: true });
    });

    test("opens on UNAVAILABLE, lets one call try after a while, and closes when that is answered", async () => {
      let sick = true;
      using server = await startRawServer((message) => (sick ? { code: 14, details: "sick" } : message));
      const states: string[] = [];
      let halfOpen: () => void;
      using connected = connect(server[over], (state) => {
        states.push(state);
        if (state === "halfOpen") halfOpen();
      });
      const { endpoint } = connected;
      const tryOut = async (): Promise<void> => {
        await new Promise<void>((resolve) => (halfOpen = resolve));
        expect(endpoint.pickable).toBe(true);
      };
      for (let i = 0; i < 3; i++) await failureWith(endpoint.call("Predict", text("x"), NO_LIMITS));
      expect(endpoint).toMatchObject({ breakerState: "open", ready: true, pickable: false });
      expect(await failureWith(endpoint.call("Predict", text("x"), NO_LIMITS))).toMatchObject({
        message: "worker-0 is held back after too many failures",
        retryable: false,
      });

      await tryOut();
      await failureWith(endpoint.call("Predict", text("x"), NO_LIMITS));
      expect(endpoint.breakerState).toBe("open");

      await tryOut();
      sick = false;
      const trial = endpoint.call("Predict", text("x"), NO_LIMITS);
      expect(endpoint.pickable).toBe(false);
      await trial;
      expect(endpoint.pickable).toBe(true);
      expect(states).toEqual(["open", "halfOpen", "open", "halfOpen", "closed"]);
    });
  });

  test("thousands of calls that are given up end no other call", { timeout: 60_000 }, async () => {
    const answers: (() => void)[] = [];
    using server = await startRawServer(
      () => "never",
      (sendBack) => answers.push(sendBack),
    );
    using connected = connect(server[over]);
    const { endpoint } = connected;
    const patient = endpoint.call("Predict", text("patient"), NO_LIMITS).catch((error: Error) => text(error.message));
    await expect.poll(() => answers.length).toBe(1);
    for (let round = 1; round <= 15; round++) {
      const client = new AbortController();
      const calls = Array.from({ length: 200 }, () =>
        endpoint.call("Predict", text("x"), { deadline: NO_DEADLINE, signal: client.signal }),
      );
      const ended = Promise.allSettled(calls);
      // A call that has not arrived yet would leave without a word.
      await expect.poll(() => answers.length, { interval: 5 }).toBe(1 + 200 * round);
      client.abort();
      await ended;
    }
    answers[0]?.();
    expect((await patient).toString()).toBe("patient");
    expect([connected.suspected(), endpoint.inFlight]).toEqual([0, 0]);
  });
});
