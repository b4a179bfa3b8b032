import { expect, test } from "vitest";
import { commandOf, cpuSeconds, descendantsOf, planCores, printed, start, until } from "../../../bench/frame/index.ts";
import { isAlive } from "../../setup/processes.ts";

const NOWHERE = { core: undefined };
/** Says when it's ready; its child would outlive it, and neither minds SIGTERM. */
const STUBBORN_PARENT = `
  process.on("SIGTERM", () => process.exit(0));
  require("node:child_process").spawn(process.execPath, ["-e", 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6)']);
  console.log("ready");
  setInterval(() => {}, 1e6);
`;

test("stops a process with all that it started", async () => {
  await using running = start(process.execPath, ["-e", STUBBORN_PARENT], NOWHERE);
  await until(async () => running.said().includes("ready"), running);
  const below = descendantsOf(running.pid);
  expect(below).toHaveLength(1);
  await running.stop();
  expect(running.runs()).toBe(false);
  await expect.poll(() => [running.pid, ...below].filter(isAlive)).toEqual([]);
});

test("tells what a process said that ended before it was ready", async () => {
  await using running = start("sh", ["-c", "echo no such port >&2; exit 3"], NOWHERE);
  await expect(until(async () => false, running)).rejects.toThrow("no such port");
  expect(await running.ended).toBe(3);
});

test("tells how long it waited for one that is never ready", async () => {
  await using running = start(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], NOWHERE);
  await expect(until(async () => Promise.reject(new Error("refused")), running, 100)).rejects.toThrow("after 0.1 s");
});

test("answers what a program printed, and throws it when the program fails", async () => {
  expect(await printed("sh", ["-c", "echo one; echo two >&2"], NOWHERE)).toMatch(/one\n|two\n/);
  await expect(printed("sh", ["-c", "echo broken; exit 1"], NOWHERE)).rejects.toThrow("broken");
  await expect(printed("no-such-program", [], NOWHERE)).rejects.toThrow("ENOENT");
});

test("runs a process on its core alone", async () => {
  const { proxy } = planCores();
  const program = 'const { readFileSync } = require("node:fs"); console.log(readFileSync("/proc/self/status", "utf8"))';
  const status = await printed(process.execPath, ["-e", program], { core: proxy });
  expect(status).toMatch(proxy === undefined ? /Cpus_allowed_list/ : new RegExp(`Cpus_allowed_list:\\s${proxy}\\n`));
});

test("counts the processor time of a process", () => {
  const before = cpuSeconds(process.pid) ?? 0;
  const end = performance.now() + 60;
  while (performance.now() < end);
  expect(cpuSeconds(process.pid)).toBeGreaterThanOrEqual(before);
  expect(commandOf(process.pid)[0]).toContain("node");
});
