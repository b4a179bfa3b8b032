import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { type Config, defaultConfig, type ModelConfig, type PoolConfig } from "../../../config/index.ts";
import { deadlineIn, type InferenceError, modelName, silentLogger } from "../../../core/index.ts";
import { messageOf } from "../../../gateway/answer-content.ts";
import { compileRoutes, resolve } from "../../../gateway/routing/index.ts";
import { createPools, ownPlaces, type Pools, type PoolsOptions } from "../../../gateway/upstream/index.ts";
import { memoryLog } from "../setup/log.ts";
import { aCall, type CallDraft } from "./calls.ts";
import { configured } from "./reports.ts";
import { socketFolder, startFakeWorker } from "./worker-process.ts";

const m = modelName("m");

/** Fake workers that listen, each with its address. */
async function startWorkers(count: number) {
  const sockets = socketFolder();
  const workers = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const path = sockets.path(`${i}.sock`);
      const worker = await startFakeWorker(path);
      return { address: `unix:${path}`, pid: String(worker.child.pid), worker };
    }),
  );
  return {
    workers,
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map(({ worker }) => worker[Symbol.asyncDispose]()));
      sockets[Symbol.dispose]();
    },
  };
}

const NO_LIMITS = { maxInFlight: Number.POSITIVE_INFINITY, maxInFlightPerEndpoint: Number.POSITIVE_INFINITY };

function pool(name: string, addresses: readonly string[], more: Partial<PoolConfig> = {}): PoolConfig {
  return {
    name,
    kind: "tensorgate",
    endpoints: addresses.map((address) => ({ address, priority: 0 })),
    dns: [],
    dnsServers: [],
    refreshMs: 10_000,
    balance: { by: "leastRequest" },
    limits: NO_LIMITS,
    pollIntervalMs: 1_000,
    ...more,
  };
}

function served(versions: string, inPool: string | undefined): ModelConfig {
  return { ...configured("m"), path: `/any/${versions}`, pool: inPool };
}

function configOf(pools: readonly PoolConfig[], model: ModelConfig): Config {
  const config = defaultConfig();
  return { ...config, workers: { ...config.workers, count: 0 }, models: [model], pools };
}

function start(config: Config, more: Partial<Pick<PoolsOptions, "log" | "silentMs" | "ping">> = {}) {
  const pools = createPools({
    config,
    log: silentLogger,
    ...more,
    places: ownPlaces(config.workers, () => expect.fail("no worker is to be started"), silentLogger),
  });
  const predict = async (
    text: string,
    { isCopy, ...draft }: CallDraft & { isCopy?: boolean } = {},
  ): Promise<string> => {
    const call = aCall({ ...draft, text });
    const answer = await pools.retry(call, () => {
      const target = resolve(compileRoutes(config), pools.registry, call.spec.name, call.spec.choice);
      return pools.send({ call, target, arm: "", isCopy });
    });
    return Buffer.from(messageOf(answer.content)).toString();
  };
  return { pools, predict, [Symbol.asyncDispose]: () => pools.close(1_000) };
}

/** `endpoints`: so many serve version 1. */
async function ready(pools: Pools, endpoints = 1): Promise<void> {
  const patience = { timeout: 10_000, interval: 20 };
  await expect.poll(() => pools.missing(), patience).toEqual([]);
  const latest = pools.registry.latest(m);
  await expect.poll(() => latest && pools.registry.endpointsOf(latest).length, patience).toBe(endpoints);
}

const failure = (promise: Promise<unknown>): Promise<InferenceError> =>
  promise.then(
    () => expect.fail("it was answered"),
    (thrown: unknown) => thrown as InferenceError,
  );

/** Clients that ask who answers, one call after the other. */
function load(predict: (text: string) => Promise<string>, clients = 8) {
  const lost: unknown[] = [];
  const answered: string[] = [];
  const stopped = new AbortController();
  const ended = Promise.all(
    Array.from({ length: clients }, async () => {
      while (!stopped.signal.aborted) {
        await predict("pid").then(
          (pid) => answered.push(pid),
          (error) => lost.push(error),
        );
      }
    }),
  );
  return {
    answered,
    more: (count: number): Promise<void> => {
      const goal = answered.length + count;
      return expect.poll(() => answered.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(goal);
    },
    async stop() {
      stopped.abort();
      await ended;
      return lost;
    },
  };
}

describe("a pool", () => {
  test("serves its models from all of its endpoints, and is missing while none is up", async () => {
    await using started = await startWorkers(2);
    const [one, two] = started.workers as [(typeof started.workers)[0], (typeof started.workers)[0]];
    await using running = start(configOf([pool("far", [one.address, two.address])], served("1", "far")));
    expect(running.pools.missing()).toEqual(["model m: no endpoint of pool far is connected"]);
    await ready(running.pools, 2);
    const pids = new Set(await Promise.all(Array.from({ length: 40 }, () => running.predict("pid"))));
    expect(pids).toEqual(new Set([one.pid, two.pid]));
  });

  test("loses no call when an endpoint dies", async () => {
    await using started = await startWorkers(2);
    const addresses = started.workers.map(({ address }) => address);
    await using running = start(configOf([pool("far", addresses)], served("1", "far")));
    await ready(running.pools, 2);
    const calls = load(running.predict);
    await calls.more(200);
    started.workers[0]?.worker.child.kill("SIGKILL");
    await calls.more(200);
    expect(await calls.stop()).toEqual([]);
    expect(running.pools.figures()[0]?.endpoints).toEqual({ up: 1, heldBack: 0, down: 1, leaving: 0 });
  });

  test("with limits sends a call to another endpoint, and refuses it when all are full", async () => {
    await using started = await startWorkers(2);
    const addresses = started.workers.map(({ address }) => address);
    const limits = { ...NO_LIMITS, maxInFlightPerEndpoint: 1 };
    await using running = start(configOf([pool("far", addresses, { limits })], served("1", "far")));
    const { pools, predict } = running;
    await ready(pools, 2);
    const stop = new AbortController();
    const hanging = [1, 2].map(() => failure(predict("hang", { signal: stop.signal })));
    await expect.poll(() => pools.figures()[0]?.inFlight).toBe(2);
    const started2 = performance.now();
    expect(await failure(predict("x"))).toMatchObject({
      code: "UNAVAILABLE",
      message: "all workers that serve model m have as many calls as their pool's limits allow",
      retryable: false,
      retryAfterMs: 1000,
    });
    expect(performance.now() - started2).toBeLessThan(4_000);
    expect(pools.figures()[0]?.overflows).toBe(1);
    stop.abort();
    await Promise.all(hanging);
    expect(await predict("x")).toBe("x");
  });

  test("has no more calls under way than its own limit", async () => {
    await using started = await startWorkers(1);
    const addresses = started.workers.map(({ address }) => address);
    const limits = { ...NO_LIMITS, maxInFlight: 1 };
    await using running = start(configOf([pool("far", addresses, { limits })], served("1", "far")));
    const { pools, predict } = running;
    await ready(pools);
    const stop = new AbortController();
    const hanging = failure(predict("hang", { signal: stop.signal }));
    await expect.poll(() => pools.figures()[0]?.inFlight).toBe(1);
    expect(await failure(predict("x"))).toMatchObject({
      code: "UNAVAILABLE",
      message: "pool far has as many calls as its limits allow",
    });
    stop.abort();
    await hanging;
    expect(await predict("x")).toBe("x");
  });

  test.for([{ maxInFlight: 4 }, { maxInFlightPerEndpoint: 4 }])(
    "leaves half of its limit to those who wait: %o",
    async (limit) => {
      await using started = await startWorkers(1);
      const addresses = started.workers.map(({ address }) => address);
      const limits = { ...NO_LIMITS, ...limit };
      await using running = start(configOf([pool("far", addresses, { limits })], served("1", "far")));
      const { pools, predict } = running;
      await ready(pools);
      const stop = new AbortController();
      const hanging = [1, 2].map(() => failure(predict("hang", { signal: stop.signal, isCopy: true })));
      await expect.poll(() => pools.figures()[0]?.inFlight).toBe(2);
      expect(await failure(predict("x", { isCopy: true }))).toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringContaining("as many calls as"),
        retryable: false,
      });
      expect(await predict("x")).toBe("x");
      stop.abort();
      await Promise.all(hanging);
    },
  );

  test("keeps equal keys at one endpoint of a ring", async () => {
    await using started = await startWorkers(2);
    const addresses = started.workers.map(({ address }) => address);
    const balance = { by: "ringHash", key: { by: "header", name: "x-user" } } as const;
    await using running = start(configOf([pool("far", addresses, { balance })], served("1", "far")));
    await ready(running.pools, 2);
    const owners = new Set<string>();
    for (let user = 0; user < 20; user++) {
      const headers = { "x-user": `user ${user}` };
      const pids = new Set(await Promise.all([1, 2, 3].map(() => running.predict("pid", { headers }))));
      expect(pids.size).toBe(1);
      for (const pid of pids) owners.add(pid);
    }
    expect(owners.size).toBe(2);
  });
});

/** A TCP server that is no worker; `answer` gets each socket. */
async function startOther(answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}).resume());
    answer(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe.each(["tensorgate", "tensorflow-serving"] as const)("an endpoint of kind %s", (kind) => {
  test.for<{ readonly name: string; readonly answer: (socket: Socket) => void; readonly reason: RegExp }>([
    { name: "takes connections and says nothing", answer: () => {}, reason: /Deadline exceeded|Timed out/ },
    {
      name: "hangs up",
      answer: (socket) => socket.destroy(),
      reason: /cannot be reached|No connection|ECONNRESET|hang up/,
    },
    {
      name: "answers with something else",
      answer: (socket) => socket.once("data", () => socket.write("+OK I speak otherwise\r\n".repeat(100))),
      reason: /rotocol error|No connection/,
    },
    {
      name: "speaks HTTP/1",
      answer: (socket) =>
        socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")),
      reason: /rotocol error|No connection/,
    },
  ])("that $name gets no call, and the log says so once", { timeout: 30_000 }, async ({ answer, reason }) => {
    await using started = await startWorkers(1);
    using other = await startOther(answer);
    const { log, lines } = memoryLog();
    const good = started.workers.map(({ address }) => address);
    const pools = [pool("far", good), pool("odd", [other.address], { kind, pollIntervalMs: 50 })];
    const bad = { ...served("1", "odd"), name: modelName("n") };
    const config = configOf(pools, served("1", "far"));
    await using running = start({ ...config, models: [...config.models, bad] }, { log, silentMs: 300 });
    const away = () => lines.filter((line) => line["pool"] === "odd" && line.msg === "endpoint is away");
    await expect.poll(() => away().length, { timeout: 20_000 }).toBe(1);
    expect(away()[0]).toMatchObject({ worker: other.address, reason: expect.stringMatching(reason) });
    await expect.poll(() => running.pools.missing()).toEqual(["model n: no endpoint of pool odd is connected"]);
    expect(await running.predict("x")).toBe("x");
    expect(running.pools.figures()[1]?.endpoints).toMatchObject({ up: 0, down: 1 });
    expect(away()).toHaveLength(1);
  });
});

test("a server of kind tensorflow-serving is pinged no oftener than it is asked what it serves", {
  timeout: 30_000,
}, async () => {
  const pings = { tensorgate: 0, "tensorflow-serving": 0 };
  const servers = (Object.keys(pings) as (keyof typeof pings)[]).map((kind) => {
    const server = createHttp2Server().on("session", (session) => session.on("ping", () => pings[kind]++));
    return { kind, server: server.listen(0, "127.0.0.1") };
  });
  await Promise.all(servers.map(({ server }) => once(server, "listening")));
  const pools = servers.map(({ kind, server }) => {
    const { port } = server.address() as AddressInfo;
    return pool(kind, [`127.0.0.1:${port}`], { kind, pollIntervalMs: 3_600_000 });
  });
  await using _ = start(configOf(pools, served("1", "tensorgate")));
  await expect.poll(() => pings.tensorgate, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
  expect(pings["tensorflow-serving"]).toBe(0);
  for (const { server } of servers) server.close();
});

describe("a reload", () => {
  test("that exchanges all endpoints loses no call, and lets the old ones end theirs", async () => {
    await using started = await startWorkers(2);
    const [old, next] = started.workers as [(typeof started.workers)[0], (typeof started.workers)[0]];
    const config = configOf([pool("far", [old.address])], served("1", "far"));
    await using running = start(config);
    const { pools, predict } = running;
    await ready(pools);
    const calls = load(predict);
    await calls.more(100);
    const stop = new AbortController();
    const hanging = failure(predict("hang", { signal: stop.signal }));
    pools.apply({ ...config, pools: [pool("far", [next.address])] });
    await expect.poll(() => pools.figures()[0]?.endpoints, { timeout: 5_000 }).toMatchObject({ up: 1, leaving: 1 });
    await calls.more(100);
    expect(await calls.stop()).toEqual([]);
    expect(calls.answered.slice(-20)).toEqual(Array.from({ length: 20 }, () => next.pid));
    stop.abort();
    expect((await hanging).code).toBe("CANCELLED");
    await expect.poll(() => pools.figures()[0]?.endpoints.leaving, { timeout: 5_000 }).toBe(0);
  });

  test("that names only endpoints where nobody is leaves the old ones answering", async () => {
    await using started = await startWorkers(1);
    const [old] = started.workers as [(typeof started.workers)[0]];
    const config = configOf([pool("far", [old.address])], served("1", "far"));
    await using running = start(config);
    await ready(running.pools);
    running.pools.apply({ ...config, pools: [pool("far", ["unix:/nobody/listens"])] });
    const begun = performance.now();
    expect(await running.predict("pid")).toBe(old.pid);
    expect(performance.now() - begun).toBeLessThan(4_000);
    expect(running.pools.figures()[0]?.endpoints).toEqual({ up: 1, heldBack: 0, down: 1, leaving: 0 });
  });

  test("tells an endpoint that is named again what has changed meanwhile", async () => {
    await using started = await startWorkers(1);
    const [only] = started.workers as [(typeof started.workers)[0]];
    const config = configOf([pool("far", [only.address])], served("1", "far"));
    await using running = start(config);
    const { pools } = running;
    await ready(pools);
    const elsewhere = configOf([pool("far", ["unix:/nobody/listens"])], served("1", "far"));
    pools.apply(elsewhere);
    pools.apply({ ...elsewhere, models: [served("1,2", "far")] });
    expect(pools.applied()).toBe(true);
    pools.apply(configOf([pool("far", [only.address])], served("1,2", "far")));
    await expect.poll(() => pools.registry.latest(m)?.version, { timeout: 5_000 }).toBe(2n);
    expect(pools.applied()).toBe(true);
  });

  test("keeps the endpoints that stay, with what is in flight there", async () => {
    await using started = await startWorkers(2);
    const [kept, added] = started.workers as [(typeof started.workers)[0], (typeof started.workers)[0]];
    const config = configOf([pool("far", [kept.address])], served("1", "far"));
    await using running = start(config);
    const { pools, predict } = running;
    await ready(pools);
    const stop = new AbortController();
    const hanging = failure(predict("hang", { signal: stop.signal }));
    await expect.poll(() => pools.figures()[0]?.inFlight).toBe(1);
    pools.apply({ ...config, pools: [pool("far", [kept.address, added.address], { balance: { by: "roundRobin" } })] });
    expect(pools.figures()[0]).toMatchObject({ inFlight: 1, endpoints: { up: 1, leaving: 0 } });
    await expect.poll(() => pools.figures()[0]?.endpoints.up).toBe(2);
    expect(pools.figures()[0]?.inFlight).toBe(1);
    stop.abort();
    await hanging;
  });

  test("that moves a model to another pool, and drops its old one, has that answer until the new one does", async () => {
    await using started = await startWorkers(2);
    const [old, next] = started.workers as [(typeof started.workers)[0], (typeof started.workers)[0]];
    const config = configOf([pool("old", [old.address])], served("1", "old"));
    await using running = start(config);
    const { pools, predict } = running;
    await ready(pools);
    const calls = load(predict);
    await calls.more(50);
    pools.apply(configOf([pool("new", [next.address])], served("1", "new")));
    await calls.more(50);
    await expect.poll(() => calls.answered.at(-1), { timeout: 5_000 }).toBe(next.pid);
    expect(await calls.stop()).toEqual([]);
    expect(pools.figures().map(({ name }) => name)).toEqual(["new"]);
  });

  test("that moves a model to a pool which never has it leaves it where it is", async () => {
    await using started = await startWorkers(1);
    const [old] = started.workers as [(typeof started.workers)[0]];
    const config = configOf([pool("old", [old.address])], served("1", "old"));
    await using running = start(config);
    await ready(running.pools);
    const pools = [pool("old", [old.address]), pool("new", ["unix:/nobody/listens"])];
    running.pools.apply(configOf(pools, served("2", "new")));
    expect(await running.predict("pid")).toBe(old.pid);
    expect(running.pools.registry.available(m).map(({ version }) => version)).toEqual([1n]);
    expect(running.pools.missing()).toEqual(["model m: no endpoint of pool new is connected"]);
  });

  test("that gives a worker to another pool has it serve that pool's models", async () => {
    await using started = await startWorkers(2);
    const [one, two] = started.workers as [(typeof started.workers)[0], (typeof started.workers)[0]];
    const before = configOf([pool("a", [two.address])], served("1", "a"));
    await using running = start(before);
    await ready(running.pools);
    const n: ModelConfig = { ...served("7", "b"), name: modelName("n") };
    const a: ModelConfig = served("1,2", "a");
    running.pools.apply({ ...before, pools: [pool("b", [two.address]), pool("a", [one.address])], models: [a, n] });
    await ready(running.pools);
    const latest = (name: string): bigint | undefined => running.pools.registry.latest(modelName(name))?.version;
    await expect.poll(() => [latest("m"), latest("n")]).toEqual([2n, 7n]);
    await expect.poll(() => running.pools.figures().map(({ endpoints }) => endpoints.up)).toEqual([1, 1]);
  });
});

test("a call that comes while all endpoints are away waits for one, within its deadline", async () => {
  const sockets = socketFolder();
  const path = sockets.path("late.sock");
  const first = await startFakeWorker(path);
  await using running = start(configOf([pool("far", [`unix:${path}`])], served("1", "far")));
  await ready(running.pools);
  const ended = once(first.child, "exit");
  first.child.kill("SIGKILL");
  await ended;
  rmSync(path);
  const waiting = running.predict("x", { deadline: deadlineIn(10_000) });
  await using _ = await startFakeWorker(path);
  expect(await waiting).toBe("x");
  sockets[Symbol.dispose]();
});
