import { readdirSync, readFileSync } from "node:fs";

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every process below `ancestor`, read from /proc. */
export function descendantsOf(ancestor: number): ProcessInfo[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)));
  const found: ProcessInfo[] = [];
  const parents = new Set([ancestor]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const process of all) {
      if (!parents.has(process.parent) || parents.has(process.pid)) continue;
      parents.add(process.pid);
      found.push(process);
      grew = true;
    }
  }
  return found;
}

export function isAlive(pid: number): boolean {
  return readProcess(pid).length > 0;
}

/** Empty when it has ended meanwhile, or is only waiting to be reaped. */
function readProcess(pid: number): ProcessInfo[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z") return [];
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return [{ pid, parent: Number(parent), command }];
  } catch {
    return [];
  }
}
