import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { silentLogger } from "../../../core/index.ts";
import type { RestartRule } from "../../../gateway/upstream/restart-rule.ts";
import { type Launch, Supervisor, type WorkerSlot } from "../../../gateway/upstream/supervisor.ts";
import { forkFakeWorker, type Mode } from "./worker-process.ts";

const RULE: RestartRule = { quickDeathMs: 10_000, firstDelayMs: 500, maxDelayMs: 700 };

interface Started {
  readonly slot: WorkerSlot;
  readonly child: ChildProcess;
  readonly atMs: number;
}

/** A supervisor whose starts and ends can be waited for. */
function supervise(
  count: number,
  options: { readonly mode?: Mode; readonly launch?: Launch; readonly devices?: readonly string[] } = {},
) {
  const started: Started[] = [];
  const ended: WorkerSlot[] = [];
  const supervisor = new Supervisor({
    count,
    devices: options.devices ?? [],
    launch: (slot) => {
      const child = options.launch?.(slot) ?? forkFakeWorker(slot.socketPath, options.mode);
      started.push({ slot, child, atMs: performance.now() });
      return child;
    },
    log: silentLogger,
    onStarted: () => {},
    onEnded: (slot) => ended.push(slot),
    rule: RULE,
  });
  supervisor.start();
  return {
    supervisor,
    started,
    ended,
    nth: async (number: number): Promise<Started> => {
      await expect.poll(() => started.length, { timeout: 10_000, interval: 5 }).toBeGreaterThanOrEqual(number);
      return started[number - 1] as Started;
    },
    [Symbol.asyncDispose]: () => supervisor.close(2_000),
  };
}

function isGone({ child }: Started): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function kill({ child }: Started): Promise<number> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  return performance.now();
}

test("starts every place with a socket of its own and its device, in a folder that is private", async () => {
  await using pool = supervise(3, { devices: ["0", "1"] });
  const slots = pool.started.map(({ slot }) => slot);
  expect(slots.map(({ index, device }) => [index, device])).toEqual([
    [0, "0"],
    [1, "1"],
    [2, "0"],
  ]);
  expect(new Set(slots.map(({ socketPath }) => socketPath)).size).toBe(3);
  const [first] = slots;
  expect(Buffer.byteLength(first?.socketPath ?? "")).toBeLessThan(100);
  expect(statSync(dirname(first?.socketPath ?? "")).mode & 0o777).toBe(0o700);
  expect(pool.supervisor.facts()).toEqual(
    pool.started.map(({ child }, index) => ({ index, pid: child.pid, restarts: 0 })),
  );
});

test("a dead worker is replaced at once, on another socket; the next that dies young waits", async () => {
  await using pool = supervise(2);
  const first = await pool.nth(1);
  const firstDeath = await kill(first);
  const second = await pool.nth(3);
  expect(second.atMs - firstDeath).toBeLessThan(400);
  expect(second.slot.index).toBe(first.slot.index);
  expect(second.slot.socketPath).not.toBe(first.slot.socketPath);
  expect(pool.ended).toEqual([first.slot]);
  expect(pool.supervisor.facts()[first.slot.index]).toMatchObject({ pid: second.child.pid, restarts: 1 });

  const secondDeath = await kill(second);
  const third = await pool.nth(4);
  expect(third.atMs - secondDeath).toBeGreaterThanOrEqual(490);
  expect(third.slot.index).toBe(first.slot.index);
});

test("a program that isn't there is tried again, ever later", async () => {
  await using pool = supervise(1, { launch: () => spawn("/no/such/program", { stdio: "ignore" }) });
  const [, second, third, fourth] = [await pool.nth(1), await pool.nth(2), await pool.nth(3), await pool.nth(4)];
  expect(third.atMs - second.atMs).toBeGreaterThanOrEqual(490);
  expect(fourth.atMs - third.atMs).toBeGreaterThanOrEqual(690);
});

test("a launcher that throws is tried again", async () => {
  let tries = 0;
  await using pool = supervise(1, {
    launch: (slot) => {
      if (tries++ === 0) throw new Error("no memory");
      return forkFakeWorker(slot.socketPath);
    },
  });
  expect((await pool.nth(1)).child.pid).toBeGreaterThan(0);
  expect(pool.supervisor.facts()[0]?.restarts).toBe(1);
});

test("closing ends every worker and leaves nothing in the file system", async () => {
  const pool = supervise(2);
  await Promise.all(pool.started.map(({ child }) => once(child, "message")));
  await pool.supervisor.close(10_000);
  expect(pool.started.map(({ child }) => child.exitCode)).toEqual([0, 0]);
  expect(pool.started).toHaveLength(2);
  expect(existsSync(dirname(pool.started[0]?.slot.socketPath ?? ""))).toBe(false);
});

test("closing kills a worker that does not end in time", async () => {
  const pool = supervise(1, { mode: "deaf" });
  const { child } = await pool.nth(1);
  await once(child, "message");
  await pool.supervisor.close(100);
  expect(child.signalCode).toBe("SIGKILL");
});

test("closing between two processes starts none", async () => {
  const pool = supervise(1);
  await kill(await pool.nth(1));
  await kill(await pool.nth(2));
  await expect.poll(() => pool.ended.length).toBe(2);
  await pool.supervisor.close(1_000);
  await new Promise((resolve) => setTimeout(resolve, RULE.maxDelayMs));
  expect(pool.started.every(isGone)).toBe(true);
  expect(pool.started).toHaveLength(2);
});

test("after restarts are stopped, a dead worker stays dead and the others go on", async () => {
  await using pool = supervise(2);
  pool.supervisor.stopRestarts();
  await kill(await pool.nth(1));
  await expect.poll(() => pool.ended.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, RULE.firstDelayMs));
  expect(pool.started).toHaveLength(2);
  expect(pool.supervisor.facts().map(({ pid }) => pid !== undefined)).toEqual([false, true]);
});
