import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { createServer as createHttp2Server, type Http2Session } from "node:http2";
import { type AddressInfo, connect as connectSocket, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, credentials, Metadata, Server, ServerCredentials, type ServiceError, status } from "@grpc/grpc-js";
import { describe, expect, test, vi } from "vitest";
import { CallController, deadlineIn, joined, joinedBuffer, NO_DEADLINE } from "../../core/index.ts";
import { encodeFields } from "../../http2/header-encoder.ts";
import {
  type ConnectionLimits,
  type FrontOptions,
  fieldOf,
  GrpcFront,
  PEER_KEY,
  ReusedRooms,
  UnaryClient,
  type UnaryHandler,
  type UnaryOutcome,
} from "../../http2/index.ts";
import { RawClient } from "./raw-client.ts";

const PATH = "/a.B/C";
const STREAM_PATH = "/a.B/Count";
const PING = { everyMs: 60_000, timeoutMs: 60_000 };
const LIMITS: ConnectionLimits = {
  ping: PING,
  windowBytes: 65_535,
  maxFrameBytes: 16_384,
  maxReceiveBytes: 100_000,
  maxSendBytes: 100_000,
};
const same = (bytes: Buffer): Buffer => bytes;
const echo: UnaryHandler = ({ message }) => ({ code: 0, message });

interface Front extends AsyncDisposable {
  readonly port: number;
  readonly front: GrpcFront;
  readonly counts: number[];
}

/** A front whose other server is grpc-js, which knows the method too and a stream of three numbers. */
async function startFront(
  handler: UnaryHandler,
  limits: Partial<ConnectionLimits> = {},
  rooms?: FrontOptions["rooms"],
): Promise<Front> {
  const inner = new Server();
  const method = {
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  inner.addService(
    {
      C: { path: PATH, requestStream: false, responseStream: false, ...method },
      Count: { path: STREAM_PATH, requestStream: false, responseStream: true, ...method },
    },
    {
      C: (
        call: { request: Buffer; getPeer(): string; metadata: Metadata },
        reply: (error: null, answer: Buffer) => void,
      ) => reply(null, Buffer.from(`inner ${String(call.request)} of ${String(call.metadata.get(PEER_KEY))}`)),
      Count: (call: { write(bytes: Buffer): void; end(): void }) => {
        for (const digit of "123") call.write(Buffer.from(digit));
        call.end();
      },
    },
  );
  const injector = inner.createConnectionInjector(ServerCredentials.createInsecure());
  const counts: number[] = [];
  let count = 0;
  const front = new GrpcFront({
    limits: { ...LIMITS, ...limits },
    handlers: new Map([[PATH, handler]]),
    knows: (path) => path === PATH || path === STREAM_PATH,
    inject: (socket) => injector.injectConnection(socket),
    ...(rooms === undefined ? {} : { rooms }),
    counter: { enter: () => counts.push(++count), leave: () => counts.push(--count) },
  });
  const server = createServer((socket) => front.accept(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    front,
    counts,
    async [Symbol.asyncDispose]() {
      server.close();
      front.destroy();
      inner.forceShutdown();
    },
  };
}

function grpcClient(port: number, options: Record<string, number> = {}): Client & Disposable {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    ...options,
  });
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

function askGrpc(client: Client, message: Buffer, path = PATH, deadlineMs?: number): Promise<string> {
  return new Promise((resolve) => {
    const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
    client.makeUnaryRequest(path, same, same, message, new Metadata(), options, (error, answer) =>
      resolve(error === null ? String(answer) : `${status[error.code]}: ${error.details}`),
    );
  });
}

function ownClient(port: number, ping = PING): UnaryClient & Disposable {
  const client = new UnaryClient((onread) => connectSocket({ port, host: "127.0.0.1", onread }), ping);
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

const FREE = { deadline: NO_DEADLINE, signal: new CallController() };

function textOf(outcome: UnaryOutcome): string {
  if (outcome.is !== "answered") return outcome.is;
  return outcome.code === 0 ? String(joined(outcome.message ?? [])) : `${status[outcome.code]}: ${outcome.details}`;
}

describe.each(["grpc-js", "own"] as const)("a call of the %s client", (kind) => {
  const ask = async (port: number, message: string | Buffer): Promise<string> => {
    using grpc = grpcClient(port);
    using own = ownClient(port);
    const bytes = Buffer.from(message);
    return kind === "grpc-js" ? await askGrpc(grpc, bytes) : textOf(await own.call(PATH, bytes, FREE));
  };

  test("is answered, whatever its length", async () => {
    await using server = await startFront(echo);
    for (const length of [0, 1, 16_379, 16_380, 70_000, 100_000]) {
      expect(await ask(server.port, "x".repeat(length))).toBe("x".repeat(length));
    }
  });

  test("is answered with an error's code, text and trailers", async () => {
    await using server = await startFront(async () => ({
      code: 3,
      details: "50 % of 名 #1\n",
      trailers: ["x-a", "b"],
    }));
    expect(await ask(server.port, "")).toBe("INVALID_ARGUMENT: 50 % of 名 #1\n");
  });

  test("that is too long either way is refused", async () => {
    await using server = await startFront(() => ({ code: 0, message: Buffer.alloc(100_001) }));
    expect(await ask(server.port, Buffer.alloc(100_001))).toBe(
      "RESOURCE_EXHAUSTED: Received message larger than max (100001 vs 100000)",
    );
    expect(await ask(server.port, "")).toBe("RESOURCE_EXHAUSTED: Sent message larger than max (100001 vs. 100000)");
  });
});

test("what a server takes at once is not exceeded: the next call gets a connection of its own, and the full one ends", async () => {
  const opened: Http2Session[] = [];
  const answers: (() => void)[] = [];
  const server = createHttp2Server({ settings: { maxConcurrentStreams: 2 } });
  server.on("session", (session) => opened.push(session));
  server.on("stream", (stream) => {
    answers.push(() => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": 0 }));
      stream.end(Buffer.alloc(5));
    });
  });
  server.listen(0);
  await once(server, "listening");
  using own = ownClient((server.address() as AddressInfo).port);
  const ask = async (): Promise<string> => textOf(await own.call(PATH, Buffer.alloc(0), FREE));
  const first = ask();
  await expect.poll(() => answers.length).toBe(1);
  const others = [ask(), ask()];
  await expect.poll(() => answers.length).toBe(3);
  expect(opened).toHaveLength(2);
  for (const answer of answers) answer();
  expect(await Promise.all([first, ...others])).toEqual(["", "", ""]);
  await expect.poll(() => opened.map(({ closed }) => closed)).toEqual([true, false]);
  own.close();
  server.close();
});

test("a call is refused where nobody takes the connection in time", async () => {
  // Until its name is found a socket is being connected.
  const socket = connectSocket({ host: "far", port: 1, lookup: () => {} });
  const own = new UnaryClient(() => socket, { everyMs: 60_000, timeoutMs: 50 });
  expect(await own.call(PATH, Buffer.alloc(0), FREE)).toEqual({ is: "refused", details: "nobody has answered" });
  own.close();
});

test("a deadline that passes ends the call for both, and the handler is told", async () => {
  const aborted = vi.fn();
  await using server = await startFront(({ deadline, signal }) => {
    expect(deadline - performance.now()).toBeLessThanOrEqual(100);
    signal.addEventListener("abort", aborted);
    return new Promise(() => {});
  });
  using own = ownClient(server.port);
  expect(await own.call(PATH, Buffer.alloc(0), { ...FREE, deadline: deadlineIn(100) })).toEqual({ is: "expired" });
  using grpc = grpcClient(server.port);
  expect(await askGrpc(grpc, Buffer.alloc(0), PATH, 100)).toMatch(/^DEADLINE_EXCEEDED/);
  await vi.waitFor(() => expect(aborted).toHaveBeenCalledTimes(2));
  await vi.waitFor(() => expect(server.counts.at(-1)).toBe(0));
});

test("an answer that the client doesn't take is kept until the deadline", async () => {
  await using front = await startFront(echo);
  using client = new RawClient(front.port).greet().frame(4, 0, 0, [0, 4, 0, 0, 0, 0]);
  const fields = [":method", "POST", ":path", PATH, "content-type", "application/grpc", "grpc-timeout", "300m"];
  client.frame(1, 4, 1, encodeFields(fields)).frame(0, 1, 1, [0, 0, 0, 0, 1, 7]);
  await expect.poll(() => client.frames.some(({ type }) => type === 1)).toBe(true);
  expect(front.counts).toEqual([1]);
  await expect.poll(() => front.counts).toEqual([1, 0]);
  await expect.poll(() => client.frames.find(({ type }) => type === 3)?.payload[3]).toBe(8);
});

test("a client that gives up is heard, and others go on", async () => {
  const signals: boolean[] = [];
  let finish: (() => void) | undefined;
  await using server = await startFront(async ({ message, signal }) => {
    if (String(message) !== "wait") return { code: 0, message };
    signal.addEventListener("abort", () => {
      signals.push(true);
      finish?.();
    });
    await new Promise<void>((resolve) => (finish = resolve));
    return { code: 0, message };
  });
  using own = ownClient(server.port);
  const signal = new CallController();
  const waiting = own.call(PATH, Buffer.from("wait"), { ...FREE, signal });
  expect(textOf(await own.call(PATH, Buffer.from("quick"), FREE))).toBe("quick");
  signal.abort();
  expect(await waiting).toEqual({ is: "cancelled" });
  await vi.waitFor(() => expect(signals).toEqual([true]));
});

function sent(letter: string): Buffer {
  return Buffer.from(letter.repeat(90_000));
}

test("a message is its handler's until it releases it, also when its client has gone", async () => {
  const seen: string[] = [];
  const held = new EventEmitter();
  const handler: UnaryHandler = async (request) => {
    if (joined(request.message)[0] === sent("a")[0]) await once(held, "go");
    const [letter = ""] = String(joined(request.message));
    seen.push(joinedBuffer(request.message).equals(sent(letter)) ? letter : "mixed");
    request.release();
    return { code: 0, message: Buffer.from(letter) };
  };
  await using server = await startFront(handler, {}, new ReusedRooms(2 ** 20));
  using client = ownClient(server.port);
  const controller = new CallController();
  const given = client.call(PATH, sent("a"), { deadline: NO_DEADLINE, signal: controller });
  await expect.poll(() => server.counts).toEqual([1]);
  controller.abort();
  expect((await given).is).toBe("cancelled");
  for (const letter of ["b", "c", "d"]) expect(textOf(await client.call(PATH, sent(letter), FREE))).toBe(letter);
  held.emit("go");
  await expect.poll(() => seen).toEqual(["b", "c", "d", "a"]);
});

test("a connection that is lost drops its calls, and the next call opens another", async () => {
  let first = true;
  await using server = await startFront(({ message }) => {
    if (!first) return { code: 0, message };
    first = false;
    setImmediate(() => server.front.destroy());
    return new Promise(() => {});
  });
  using own = ownClient(server.port);
  expect((await own.call(PATH, Buffer.from("a"), FREE)).is).toBe("dropped");
  expect(textOf(await own.call(PATH, Buffer.from("b"), FREE))).toBe("b");
});

test("nobody there is refused", async () => {
  const server = await startFront(echo);
  await server[Symbol.asyncDispose]();
  using own = ownClient(server.port);
  expect((await own.call(PATH, Buffer.from("a"), FREE)).is).toBe("refused");
});

test("a server that hangs is given up after a ping", async () => {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  using own = ownClient((server.address() as AddressInfo).port, { everyMs: 50, timeoutMs: 100 });
  expect(await own.call(PATH, Buffer.from("a"), FREE)).toEqual({ is: "dropped", details: "a ping was not answered" });
  server.close();
});

test("a server that drains answers what it has, and gets no more", async () => {
  let answer: (() => void) | undefined;
  await using server = await startFront(async ({ message }) => {
    if (String(message) === "late") await new Promise<void>((resolve) => (answer = resolve));
    return { code: 0, message };
  });
  using own = ownClient(server.port);
  const late = own.call(PATH, Buffer.from("late"), FREE);
  await vi.waitFor(() => expect(answer).toBeDefined());
  const drained = server.front.drain();
  answer?.();
  expect(textOf(await late)).toBe("late");
  await drained;
});

describe("what is not plain is left to the other server:", () => {
  test("a compressed message, which is told who the client is", async () => {
    await using server = await startFront(() => expect.fail("it was read here"));
    using client = grpcClient(server.port, { "grpc.default_compression_algorithm": 2 });
    expect(await askGrpc(client, Buffer.from("x".repeat(100)))).toMatch(/^inner x{100} of 127\.0\.0\.1:\d+$/);
  });

  test("an answer longer than the client's window, whole", async () => {
    await using server = await startFront(() => expect.fail("it was read here"));
    using client = grpcClient(server.port, { "grpc.default_compression_algorithm": 2 });
    const text = "x".repeat(300_000);
    expect((await askGrpc(client, Buffer.from(text))).startsWith(`inner ${text} of`)).toBe(true);
  });

  test("long messages of many clients at once, beside those that are read here", async () => {
    const free = { windowBytes: 2 ** 20, maxReceiveBytes: -1, maxSendBytes: -1 };
    await using server = await startFront(echo, free);
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        const text = randomBytes(150_000).toString("hex");
        using gzip = grpcClient(server.port, { "grpc.default_compression_algorithm": 2 });
        using own = ownClient(server.port);
        const plain = own.call(PATH, Buffer.from(text), FREE);
        expect((await askGrpc(gzip, Buffer.from(text))).startsWith(`inner ${text} of`)).toBe(true);
        expect(textOf(await plain) === text).toBe(true);
      }),
    );
  });

  test("streams", async () => {
    await using server = await startFront(echo);
    using client = grpcClient(server.port);
    const stream = client.makeServerStreamRequest(STREAM_PATH, same, same, Buffer.alloc(0));
    const parts: string[] = [];
    for await (const part of stream) parts.push(String(part));
    expect(parts).toEqual(["1", "2", "3"]);
    expect(await askGrpc(client, Buffer.from("x"))).toBe("x");
  });

  test("no method at all is UNIMPLEMENTED", async () => {
    await using server = await startFront(echo);
    using client = grpcClient(server.port);
    expect(await askGrpc(client, Buffer.alloc(0), "/a.B/D")).toBe(
      "UNIMPLEMENTED: The server does not implement the method /a.B/D",
    );
  });
});

describe("a connection is closed", () => {
  for (const { name, limits } of [
    { name: "at its age", limits: { maxAgeMs: 200, maxAgeGraceMs: 50 } },
    { name: "when it is idle", limits: { maxIdleMs: 100 } },
    { name: "when it answers no ping", limits: { ping: { everyMs: 50, timeoutMs: 50 } } },
  ]) {
    test(name, async () => {
      await using server = await startFront(echo, limits);
      const socket = connectSocket(server.port, "127.0.0.1");
      await once(socket.resume(), "close");
    });
  }

  test("but not as long as a call is under way, when it may be idle for less", async () => {
    await using server = await startFront(
      async ({ message }) => {
        await sleep(300);
        return { code: 0, message };
      },
      { maxIdleMs: 100 },
    );
    using own = ownClient(server.port);
    expect(textOf(await own.call(PATH, Buffer.from("a"), FREE))).toBe("a");
  });
});

test("the handler sees the metadata", async () => {
  await using server = await startFront(({ fields }) => ({
    code: 0,
    message: Buffer.from(fieldOf(fields, "x-user") ?? ""),
  }));
  using client = grpcClient(server.port);
  const metadata = new Metadata();
  metadata.set("x-user", "me");
  const answer = await new Promise<ServiceError | Buffer | undefined>((resolve) =>
    client.makeUnaryRequest(PATH, same, same, Buffer.alloc(0), metadata, (error, bytes) => resolve(error ?? bytes)),
  );
  expect(String(answer)).toBe("me");
});
