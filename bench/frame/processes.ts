import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Start {
  /** The only core that it runs on; undefined: any. */
  readonly core: number | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** A process of a benchmark. Whoever starts it stops it; those left are killed when the benchmark's own process ends. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Its exit status once it has ended and all is read that it printed; null when a signal ended it or it couldn't start. */
  readonly ended: Promise<number | null>;
  /** The last that it printed. */
  said(): string;
  /** Whether it still runs. */
  runs(): boolean;
  /** SIGTERM, and SIGKILL when that isn't enough within ten seconds; then nothing is left of those that it started either. */
  stop(): Promise<void>;
}

const KEPT_CHARACTERS = 2 ** 16;
const alive = new Map<ChildProcess, Running>();
process.on("exit", () => {
  for (const { pid } of alive.values()) killAll([pid, ...descendantsOf(pid)]);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void Promise.all([...alive.values()].map((running) => running.stop())).finally(() => process.exit(1));
  });
}

export function start(program: string, args: readonly string[], { core, env, cwd }: Start): Running {
  const [file, all] = onCore(core, program, args);
  const child = spawn(file, all, { stdio: ["ignore", "pipe", "pipe"], env: env ?? process.env, cwd });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-KEPT_CHARACTERS)));
  }
  child.once("error", (error) => (said += String(error)));
  const settledBy = (event: "exit" | "close"): Promise<number | null> =>
    new Promise((resolve) => {
      child.once(event, resolve);
      child.once("error", () => resolve(null));
    });
  const ended = settledBy("close");
  const exited = settledBy("exit").finally(() => alive.delete(child));
  const runs = (): boolean => alive.has(child);
  const stop = async (): Promise<void> => {
    if (!runs()) return;
    const below = descendantsOf(running.pid);
    child.kill("SIGTERM");
    const killing = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await exited;
    clearTimeout(killing);
    killAll(below);
  };
  const running = { pid: child.pid ?? 0, said: () => said, runs, stop, ended, [Symbol.asyncDispose]: stop };
  alive.set(child, running);
  return running;
}

/** Those that are gone already are passed over. */
function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {}
  }
}

/** Runs a program to its end and answers what it printed. Throws when it ends otherwise than with 0. */
export async function printed(program: string, args: readonly string[], options: Start): Promise<string> {
  const running = start(program, args, options);
  const status = await running.ended;
  if (status !== 0) throw new Error(`${program} ended with ${status}:\n${running.said()}`);
  return running.said();
}

/** What to execute so that the program runs on that core only. */
function onCore(core: number | undefined, program: string, args: readonly string[]): [string, readonly string[]] {
  return core === undefined ? [program, args] : ["taskset", ["-c", String(core), program, ...args]];
}

/** Resolves when `isTrue` answers true (asked every 50 ms). Throws with what `running` said when it ends before, or after `timeoutMs`. */
export async function until(isTrue: () => Promise<boolean>, running: Running, timeoutMs = 120_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await isTrue().catch(() => false))) {
    if (!running.runs()) throw new Error(`a process ended before it was ready:\n${running.said()}`);
    if (performance.now() > end) throw new Error(`not ready after ${timeoutMs / 1000} s:\n${running.said()}`);
    await sleep(50);
  }
}

/** Moves a running process, all its threads, to a core. */
export function pin(pid: number, core: number | undefined): void {
  if (core === undefined) return;
  execFileSync("taskset", ["-a", "-p", "-c", String(core), String(pid)], { stdio: "ignore" });
}

/** Processor time that a process and all its threads have taken so far; undefined where `/proc` doesn't tell. */
export function cpuSeconds(pid: number): number | undefined {
  const fields = statOf(pid);
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

/** The kernel counts in USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

/** The pids below `pid`, nearest first; none where there is no `/proc`. */
export function descendantsOf(pid: number): number[] {
  if (!existsSync("/proc/self/stat")) return [];
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const fields = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (fields !== undefined) parents.set(Number(name), Number(fields[1]));
  }
  const below = (parent: number): number[] => {
    const children = [...parents].filter(([, of]) => of === parent).map(([child]) => child);
    return [...children, ...children.flatMap(below)];
  };
  return below(pid);
}

/** The command line of a process, empty when it has ended. */
export function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** The fields of `/proc/PID/stat` from the third on: the second is a name in brackets that may hold anything. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
