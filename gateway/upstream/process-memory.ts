import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The resident memory of a process in bytes; undefined when it is gone or cannot be asked. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    if (process.platform === "linux") {
      return kibibytes(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]);
    }
    return kibibytes((await run("ps", ["-o", "rss=", "-p", String(pid)])).stdout.trim());
  } catch {
    return undefined;
  }
}

function kibibytes(digits: string | undefined): number | undefined {
  return digits === undefined || digits === "" ? undefined : Number(digits) * 1024;
}
