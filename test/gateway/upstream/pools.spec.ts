import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import type { Config, ModelConfig } from "../../../config/index.ts";
import { deadlineIn, InferenceError, modelName, silentLogger, version } from "../../../core/index.ts";
import { messageOf } from "../../../gateway/answer-content.ts";
import { compileRoutes, resolve } from "../../../gateway/routing/index.ts";
import { createPools, ownPlaces, type Pools, type PoolsOptions } from "../../../gateway/upstream/index.ts";
import { aCall, type CallDraft } from "./calls.ts";
import { configured } from "./reports.ts";
import { forkFakeWorker } from "./worker-process.ts";

const m = modelName("m");

function configOf(models: readonly ModelConfig[], count: number, breakerAfter = 1_000): Config {
  return {
    gateway: { processes: 1 },
    server: {} as Config["server"],
    workers: { count, endpoints: [] as readonly string[], devices: [] as readonly string[] } as Config["workers"],
    models,
    batching: "off",
    pools: [],
    routes: [],
    http: [],
    compatibility: { strictJson: false, urlSafeBase64: false },
    clients: [],
    admin: { enabled: false, token: undefined, explainHeader: false },
    state: { folder: undefined },
    resilience: {
      timeoutMs: Number.POSITIVE_INFINITY,
      retries: { attempts: 2, budgetPercent: 20 },
      breaker: { errorThresholdPercent: 50, windowMs: 10_000, minRequests: breakerAfter, resetTimeoutMs: 5_000 },
    },
  };
}

function served(name: string, versions: string, retry = true): ModelConfig {
  return { ...configured(name), path: `/any/${versions}`, retry };
}

/** A pool of fake workers, and the way of a request over it. */
async function startPool(config: Config, patience: Pick<PoolsOptions, "ping" | "silentMs"> = {}) {
  const children: ChildProcess[] = [];
  const pool = createPools({
    config,
    log: silentLogger,
    ...patience,
    places: ownPlaces(
      config.workers,
      ({ socketPath }) => {
        const child = forkFakeWorker(socketPath);
        children.push(child);
        return child;
      },
      silentLogger,
    ),
  });
  const table = compileRoutes(config);
  const predict = async (text: string, draft: CallDraft = {}): Promise<string> => {
    const call = aCall({ ...draft, text });
    const answer = await pool.retry(call, () =>
      pool.send({ call, target: resolve(table, pool.registry, call.spec.name, call.spec.choice), arm: "" }),
    );
    return `${answer.target?.version} ${Buffer.from(messageOf(answer.content)).toString()}`;
  };
  await ready(pool, config.workers.count);
  return { pool, children, predict, [Symbol.asyncDispose]: () => pool.close(1_000) };
}

async function ready(pool: Pools, count: number): Promise<void> {
  await expect
    .poll(async () => (await pool.workers()).filter(({ ready }) => ready).length, { timeout: 10_000, interval: 20 })
    .toBe(count);
  await expect.poll(() => pool.missing(), { timeout: 10_000, interval: 20 }).toEqual([]);
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child as ChildProcess, "exit");
  child?.kill(signal);
  await ended;
}

test("starts workers, tells them the models and serves from all of them", async () => {
  await using running = await startPool(configOf([served("m", "1,2")], 2));
  const { pool, children, predict } = running;
  await expect.poll(() => pool.registry.endpointsOf({ name: m, version: version(2) })).toHaveLength(2);
  const answers = await Promise.all(Array.from({ length: 20 }, () => predict("pid")));
  expect(new Set(answers)).toEqual(new Set(children.map(({ pid }) => `2 ${pid}`)));
  for (const worker of await pool.workers()) {
    expect(worker).toMatchObject({ restarts: 0, ready: true, breaker: "closed", inFlight: 0 });
    expect(worker.residentBytes).toBeGreaterThan(1e6);
  }
});

test("a kill -9 under load is seen by no client, and the worker comes back", async () => {
  await using running = await startPool(configOf([served("m", "1")], 2));
  const { pool, children, predict } = running;
  const lost: unknown[] = [];
  let answered = 0;
  const stop = new AbortController();
  const clients = Array.from({ length: 16 }, async () => {
    while (!stop.signal.aborted) {
      await predict("x").then(
        () => answered++,
        (error) => lost.push(error),
      );
    }
  });
  const more = (count: number): Promise<void> => {
    const goal = answered + count;
    return expect.poll(() => answered, { timeout: 20_000, interval: 5 }).toBeGreaterThan(goal);
  };
  await more(300);
  await end(children[0], "SIGKILL");
  await more(300);
  await ready(pool, 2);
  await more(300);
  stop.abort();
  await Promise.all(clients);
  expect(lost).toEqual([]);
  expect((await pool.workers()).reduce((sum, { restarts }) => sum + restarts, 0)).toBe(1);
});

test("a call whose request kills each worker that gets it fails in the end", async () => {
  await using running = await startPool(configOf([served("m", "1")], 2));
  await expect(running.predict("die")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await ready(running.pool, 2);
  expect(await running.predict("x")).toBe("1 x");
});

test("retry: false keeps a call that may have run from running again", async () => {
  await using running = await startPool(configOf([served("m", "1", false)], 2));
  await expect(running.predict("die")).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: /lost the connection before it answered$/,
  });
  expect((await running.pool.workers()).filter(({ ready }) => ready)).toHaveLength(1);
});

describe("with one worker", () => {
  test("a call that comes after its death waits for the next one", async () => {
    await using running = await startPool(configOf([served("m", "1")], 1));
    await end(running.children[0], "SIGKILL");
    expect(await running.predict("x")).toBe("1 x");
  });

  test("a call waits no longer than its deadline", async () => {
    await using running = await startPool(configOf([served("m", "1")], 1));
    running.pool.drain();
    await end(running.children[0], "SIGKILL");
    const failure = await running.predict("x", { deadline: deadlineIn(200) }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InferenceError);
    expect(failure).toMatchObject({ code: "UNAVAILABLE", retryAfterMs: 1000 });
  });
});

test("a worker that hangs is killed and replaced", async () => {
  await using running = await startPool(configOf([served("m", "1")], 1), {
    // A busy machine may be as silent for a moment, and the worker that it had first is not there any more then.
    ping: { everyMs: 100, timeoutMs: 1_000 },
    silentMs: 100,
  });
  const { pool, children, predict } = running;
  const first = children.at(-1);
  const call = predict("stop", { deadline: deadlineIn(60_000) }).catch((error: InferenceError) => error.code);
  // The ping goes unanswered, the connection is given up, and the silence is noticed.
  await once(first as ChildProcess, "exit");
  expect(first?.signalCode).toBe("SIGKILL");
  // Its retry freezes the next worker as well; closing must cope with that.
  await pool.close(200);
  expect(children.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null)).toBe(true);
  await call;
});

test("starts no worker before what it waits for is there, and none if it closes first", async () => {
  let launched = 0;
  const start = (gate: AbortController): Pools =>
    createPools({
      config: configOf([served("m", "1")], 1),
      log: silentLogger,
      prepared: once(gate.signal, "abort"),
      places: ownPlaces(
        { count: 1, devices: [] },
        ({ socketPath }) => {
          launched++;
          return forkFakeWorker(socketPath);
        },
        silentLogger,
      ),
    });
  const [gate, lateGate] = [new AbortController(), new AbortController()];
  const [pool, latePool] = [start(gate), start(lateGate)];
  expect([launched, pool.missing()]).toEqual([0, ["the TensorFlow library is not there yet"]]);
  gate.abort();
  await ready(pool, 1);
  await pool.close(1_000);

  await latePool.close(1_000);
  lateGate.abort();
  await new Promise((resolve) => setImmediate(resolve));
  expect(launched).toBe(1);
});

describe("another configuration", () => {
  test("can be waited for", async () => {
    const before = configOf([served("m", "1")], 2);
    await using running = await startPool(before);
    const { pool } = running;
    await pool.until(() => pool.applied(), new AbortController().signal);
    pool.apply({ ...before, models: [served("m", "2")] });
    expect(pool.applied()).toBe(false);
    await pool.until(() => pool.applied(), new AbortController().signal);
    expect(pool.registry.available(m).map(({ version }) => version)).toEqual([2n]);
    await expect(pool.until(() => false, AbortSignal.timeout(20))).rejects.toMatchObject({ code: "CANCELLED" });
  });

  test("is told to all workers, and to those that start later", async () => {
    const before = configOf([served("m", "1")], 2);
    await using running = await startPool(before);
    const { pool, children } = running;
    pool.apply({ ...before, models: [served("m", "1,2"), served("n", "7")] });
    expect(pool.missing()).toEqual([
      "model m: no worker has looked at its versions yet",
      "model n: no worker has looked at its versions yet",
    ]);
    await ready(pool, 2);
    const everywhere = (): number[] => [
      pool.registry.endpointsOf({ name: m, version: version(2) }).length,
      pool.registry.endpointsOf({ name: modelName("n"), version: version(7) }).length,
    ];
    await expect.poll(everywhere).toEqual([2, 2]);
    await end(children[1], "SIGKILL");
    await expect.poll(everywhere).toEqual([1, 1]);
    await expect.poll(everywhere, { timeout: 10_000 }).toEqual([2, 2]);
  });

  test("without a model has it forgotten", async () => {
    const before = configOf([served("m", "1"), served("n", "1")], 1);
    await using running = await startPool(before);
    running.pool.apply({ ...before, models: [served("m", "1")] });
    const { registry } = running.pool;
    await expect.poll(() => registry.available(modelName("n"))).toEqual([]);
    expect(registry.available(m)).toHaveLength(1);
  });
});

test("closing ends every worker, and what is in flight fails", async () => {
  const { pool, children, predict } = await startPool(configOf([served("m", "1")], 2));
  const inFlight = predict("hang", { deadline: deadlineIn(20_000) }).catch((error: InferenceError) => error.code);
  await expect.poll(async () => (await pool.workers()).some(({ inFlight }) => inFlight === 1)).toBe(true);
  await pool.close(1_000);
  expect(children.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(await inFlight).toBe("UNAVAILABLE");
});
