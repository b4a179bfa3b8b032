import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { deadlineIn, InferenceError, NO_DEADLINE } from "../../../core/index.ts";
import { ThreadPool } from "../../../gateway/threads/thread-pool.ts";

/** Answers what it is sent; holds on at `{ wait }` until that array's number is not 0 any more. */
const PROGRAM = `
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", ({ wait, act, value }) => {
    if (wait) Atomics.wait(wait, 0, 0);
    if (act === "throw") throw new Error("out of order");
    if (act === "exit") process.exit(3);
    if (act === "fill") for (const all = []; ; ) all.push(new Array(1000).fill(all.length));
    parentPort.postMessage({ is: "done", result: value });
  });
`;

const crashes: unknown[] = [];
let quiet = 0;
const pools: ThreadPool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
  crashes.length = 0;
  quiet = 0;
});

function createPool(options: { readonly maxThreads?: number; readonly idleMs?: number } = {}): ThreadPool {
  const pool = new ThreadPool({
    maxThreads: 1,
    idleMs: 60_000,
    start: () => new Worker(PROGRAM, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 32 } }),
    onCrash: (error) => crashes.push(error),
    onQuiet: () => quiet++,
    ...options,
  });
  pools.push(pool);
  return pool;
}

const forever = { deadline: NO_DEADLINE, signal: new AbortController().signal };

function run(pool: ThreadPool, message: unknown, limits: Parameters<ThreadPool["run"]>[1] = forever): Promise<unknown> {
  return pool.run(() => ({ message, moved: [] }), limits).then((reply) => "result" in reply && reply.result);
}

/** A thread that is busy until told otherwise. */
function busy(pool: ThreadPool): { readonly done: Promise<unknown>; readonly letGo: () => void } {
  const wait = new Int32Array(new SharedArrayBuffer(4));
  const done = run(pool, { wait, value: "was busy" });
  return {
    done,
    letGo() {
      Atomics.store(wait, 0, 1);
      Atomics.notify(wait, 0);
    },
  };
}

test("work goes to as many threads as there may be, the rest waits for its turn", async () => {
  const pool = createPool({ maxThreads: 2 });
  const first = busy(pool);
  const second = busy(pool);
  const turns: string[] = [];
  const waiting = ["a", "b", "c"].map((value) => run(pool, { value }).then(() => turns.push(value)));
  expect([pool.threadCount, pool.waitingCount]).toEqual([2, 3]);
  first.letGo();
  await Promise.all(waiting);
  expect(turns).toEqual(["a", "b", "c"]);
  second.letGo();
  expect(await second.done).toBe("was busy");
});

test("whose client gives up while it waits leaves the queue at once, unmade", async () => {
  const pool = createPool();
  const held = busy(pool);
  const gaveUp = new AbortController();
  let made = false;
  const waiting = pool.run(
    () => {
      made = true;
      return { message: {}, moved: [] };
    },
    { deadline: NO_DEADLINE, signal: gaveUp.signal },
  );
  gaveUp.abort();
  await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
  expect(pool.waitingCount).toBe(0);
  held.letGo();
  expect(await run(pool, { value: 1 })).toBe(1);
  expect(made).toBe(false);
});

test("a deadline passes in the queue and in the thread alike", async () => {
  const pool = createPool();
  const wait = new Int32Array(new SharedArrayBuffer(4));
  const limits = { ...forever, deadline: deadlineIn(20) };
  const inThread = run(pool, { wait }, limits);
  const inQueue = run(pool, {}, limits);
  await expect(inThread).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  await expect(inQueue).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  Atomics.store(wait, 0, 1);
  Atomics.notify(wait, 0);
  expect(await run(pool, { value: "next" })).toBe("next");
});

for (const { act, want } of [
  { act: "throw", want: { code: "INTERNAL", message: "internal error in the gateway" } },
  { act: "exit", want: { code: "INTERNAL", message: "internal error in the gateway" } },
  { act: "fill", want: { code: "RESOURCE_EXHAUSTED", message: "the request takes more memory than it may" } },
]) {
  test(`a thread that ends by "${act}" takes only its own work with it`, async () => {
    const pool = createPool();
    const crashing = run(pool, { act });
    const behind = run(pool, { value: "behind" });
    const error = await crashing.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InferenceError);
    expect(error).toMatchObject(want);
    expect(await behind).toBe("behind");
    expect(crashes.length).toBe(1);
  });
}

test("what cannot be sent fails by itself", async () => {
  const pool = createPool();
  await expect(run(pool, { value: () => 0 })).rejects.toMatchObject({ code: "INTERNAL" });
  expect(await run(pool, { value: 1 })).toBe(1);
  expect(crashes).toEqual([]);
});

test("a thread without work ends, and the next work starts another", async () => {
  const pool = createPool({ idleMs: 10 });
  await run(pool, {});
  await expect.poll(() => pool.threadCount).toBe(0);
  expect(quiet).toBe(1);
  expect(await run(pool, { value: "again" })).toBe("again");
  expect(crashes).toEqual([]);
});

test("memory that moves is with the thread alone", async () => {
  const pool = createPool();
  const value = new Uint8Array([1, 2, 3]);
  const reply = await pool.run(() => ({ message: { value }, moved: [value.buffer] }), forever);
  expect(value.length).toBe(0);
  expect(reply).toEqual({ is: "done", result: new Uint8Array([1, 2, 3]) });
});

test("closing ends what waits and what runs", async () => {
  const pool = createPool();
  const held = busy(pool);
  const ended = expect(held.done).rejects.toMatchObject({ code: "INTERNAL" });
  const waiting = expect(run(pool, {})).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await pool.close();
  await Promise.all([ended, waiting]);
  await expect(run(pool, {})).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(crashes).toEqual([]);
});

test("threads without work do not keep a process from ending", async () => {
  const worker = new Worker(
    `const { Worker } = require("node:worker_threads");
     import(${JSON.stringify(new URL("../../../dist/gateway/threads/thread-pool.js", import.meta.url).href)}).then(async ({ ThreadPool }) => {
       const pool = new ThreadPool({ maxThreads: 1, idleMs: 60000, onCrash() {}, onQuiet() {}, start: () => new Worker(${JSON.stringify(PROGRAM)}, { eval: true }) });
       await pool.run(() => ({ message: {}, moved: [] }), { deadline: Infinity, signal: new AbortController().signal });
     });`,
    { eval: true },
  );
  expect(await once(worker, "exit")).toEqual([0]);
});
