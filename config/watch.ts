import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const SETTLE_MS = 500;

export interface WatchOptions {
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** The text that the caller has acted on already; default: what the file holds at the first look. */
  readonly known?: string;
  /** Time between two looks; default 500 ms. What has just changed is looked at again after 500 ms at most. */
  readonly intervalMs?: number;
}

/**
 * Calls back with the text of a file whenever it has become another one, until the signal. Rewrites in place, renames
 * over it and swapped symbolic links are all noticed, since the content itself is looked at: events of the file system
 * get lost on network mounts, and follow the file instead of its name. A text counts once two looks in a row have found
 * it, so that a file is not taken half-written; while it is missing or cannot be read, the last text stands.
 * Settles after the signal; rejects if `onChange` fails.
 */
export async function watchFile(
  path: string,
  onChange: (text: string) => void | Promise<void>,
  { signal, known, intervalMs = SETTLE_MS }: WatchOptions,
): Promise<void> {
  let acted = known ?? (await readIfThere(path));
  let seen = acted;
  while (await slept(seen === acted ? intervalMs : Math.min(intervalMs, SETTLE_MS), signal)) {
    const text = await readIfThere(path);
    const settled = text === seen;
    seen = text;
    if (text === undefined || text === acted || !settled || signal.aborted) continue;
    acted = text;
    await onChange(text);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
}

/** False once the signal has come. */
async function slept(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal, ref: false });
    return true;
  } catch {
    return false;
  }
}
