import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { delimiter, join } from "node:path";

/** Where the figures come from. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
}

export function describeMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model ?? process.arch,
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    node: process.version,
  };
}

/** Which core does what; undefined where processes can't be pinned. */
export interface Cores {
  /** What is measured: the gateway or its rival. */
  readonly proxy: number | undefined;
  /** What stands before and behind it: load generator and worker. */
  readonly rest: number | undefined;
}

/** The first core for the proxy, the second for the rest; no pinning where there are fewer, or no `taskset`. */
export function planCores(): Cores {
  const [proxy, rest] = whereIs("taskset") === undefined ? [] : allowedCores();
  return rest === undefined ? { proxy: undefined, rest: undefined } : { proxy, rest };
}

export function describeCores({ proxy, rest }: Cores): string {
  if (proxy === undefined) return "none: the system places the processes";
  return `gateway or peer on core ${proxy}, worker and load generator on core ${rest}`;
}

/** `0-3,8` of `/proc/self/status`: a container may not be allowed to run on all. */
function allowedCores(): number[] {
  if (!existsSync("/proc/self/status")) return [];
  const [, list = ""] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return list.split(",").flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** The path of a program; undefined when it isn't installed. */
export function whereIs(program: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

/** The first line that a program prints when asked for its version: some do so on stderr, or fail then for want of arguments. */
export function versionOf(program: string, flag = "--version"): string {
  const { stdout, stderr } = spawnSync(program, [flag], { encoding: "utf8" });
  return `${stdout}${stderr}`.trim().split("\n")[0]?.trim() || "unknown";
}
