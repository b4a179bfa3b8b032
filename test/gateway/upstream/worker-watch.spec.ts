import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { silentLogger } from "../../../core/index.ts";
import { WorkerWatch } from "../../../gateway/upstream/worker-watch.ts";
import {
  type ApplyModelsRequest,
  type ApplyModelsResponse,
  type WatchRequest,
  type WatchResponse,
  workerControl,
} from "../../../protos/index.ts";

type Stream = ServerWritableStream<WatchRequest, WatchResponse>;

/** A worker's control service in this process, as far as a watch sees it. */
async function startControl(port = 0, refuse: () => Partial<ServiceError> | undefined = () => undefined) {
  const applied: string[] = [];
  const streams: Stream[] = [];
  let generation = "0";
  const report = (): WatchResponse => ({ complete: true, models: [], generation, memory_bytes: "0" });
  const server = new Server();
  server.addService(workerControl, {
    ApplyModels(
      { request }: ServerUnaryCall<ApplyModelsRequest, ApplyModelsResponse>,
      reply: sendUnaryData<ApplyModelsResponse>,
    ) {
      applied.push(request.generation);
      const refusal = refuse();
      if (refusal !== undefined) return reply(refusal);
      generation = request.generation;
      reply(null, { generation });
      for (const stream of streams) stream.write(report());
    },
    Watch(call: Stream) {
      streams.push(call);
      call.write(report());
    },
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, it) =>
      error ? reject(error) : resolve(it),
    );
  });
  return { port: bound, applied, streams, [Symbol.dispose]: () => server.forceShutdown() };
}

function watch(port: number) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.initial_reconnect_backoff_ms": 50,
    "grpc.max_reconnect_backoff_ms": 100,
  });
  const events: string[] = [];
  const watching = new WorkerWatch({
    client,
    log: silentLogger,
    onReport: ({ generation }) => events.push(`report ${generation}`),
    onLost: () => events.push("lost"),
  });
  watching.open();
  return {
    watching,
    events,
    [Symbol.dispose]: () => {
      watching.close();
      client.close();
    },
  };
}

const wanted = (generation: number): ApplyModelsRequest => ({ models: [], generation: String(generation) });

test("brings a worker to the wanted set when it connects, and once for each newer set", async () => {
  using control = await startControl();
  using it = watch(control.port);
  it.watching.apply(wanted(5));
  await expect.poll(() => it.events).toEqual(["report 0", "report 5"]);
  it.watching.apply(wanted(6));
  it.watching.apply(wanted(6));
  await expect.poll(() => it.events).toEqual(["report 0", "report 5", "report 6"]);
  expect(control.applied).toEqual(["5", "6"]);
});

test("opens the stream again when it ends, and does not send a set that the worker has", async () => {
  using control = await startControl();
  using it = watch(control.port);
  it.watching.apply(wanted(5));
  await expect.poll(() => it.events).toEqual(["report 0", "report 5"]);
  control.streams[0]?.end();
  await expect.poll(() => it.events).toEqual(["report 0", "report 5", "lost", "report 5"]);
  expect(control.applied).toEqual(["5"]);
});

test("finds a worker that was away, and tells it all again when it has started anew", async () => {
  using first = await startControl();
  using it = watch(first.port);
  it.watching.apply(wanted(5));
  await expect.poll(() => it.events).toEqual(["report 0", "report 5"]);
  first[Symbol.dispose]();
  await expect.poll(() => it.events.at(-1)).toBe("lost");
  using second = await startControl(first.port);
  await expect.poll(() => it.events.slice(-2), { timeout: 10_000 }).toEqual(["report 0", "report 5"]);
  expect(second.applied).toEqual(["5"]);
});

test("asks anew when the worker has seemed to be gone", async () => {
  using control = await startControl();
  using it = watch(control.port);
  await expect.poll(() => it.events).toEqual(["report 0"]);
  it.watching.recheck();
  it.watching.recheck();
  expect(it.events).toEqual(["report 0", "lost"]);
  await expect.poll(() => it.events).toEqual(["report 0", "lost", "report 0"]);
  expect(control.streams).toHaveLength(2);
});

test("sends a refused set again, not at once", async () => {
  let refusals = 1;
  using control = await startControl(0, () => (refusals-- > 0 ? { code: 13, details: "not now" } : undefined));
  using it = watch(control.port);
  const startedMs = performance.now();
  it.watching.apply(wanted(5));
  await expect.poll(() => it.events, { timeout: 10_000 }).toEqual(["report 0", "lost", "report 0", "report 5"]);
  expect(performance.now() - startedMs).toBeGreaterThan(900);
});

test("leaves it at that when another gateway has told the worker a newer set", async () => {
  using control = await startControl(0, () => ({ code: status.FAILED_PRECONDITION, details: "older" }));
  using it = watch(control.port);
  it.watching.apply(wanted(5));
  await expect.poll(() => control.applied).toEqual(["5"]);
  it.watching.apply(wanted(6));
  await expect.poll(() => control.applied).toEqual(["5", "6"]);
  expect(it.events).toEqual(["report 0"]);
});

test("tells nothing once it is closed", async () => {
  using control = await startControl();
  using it = watch(control.port);
  await expect.poll(() => it.events).toEqual(["report 0"]);
  it.watching.close();
  await new Promise<void>((resolve) => control.streams[0]?.on("cancelled", resolve));
  expect(it.events).toEqual(["report 0"]);
});
