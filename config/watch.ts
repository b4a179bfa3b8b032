import { setTimeout as sleep } from "node:timers/promises";

const SETTLE_MS = 500;

/** Something that is looked at time and again. */
export interface Watched<T> {
  readonly look: () => Promise<T>;
  /** Whether two looks have found the same. */
  readonly isSame: (one: T, other: T) => boolean;
  /** Whether this has been acted on already, or is nothing to act on. */
  readonly isKnown: (found: T) => boolean;
  readonly act: (found: T) => Promise<void>;
}

export interface WatchOptions {
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Each look, with what follows from it, is done within; default: at once. */
  readonly turns?: Turns;
  /** Time between two looks; default 500 ms. What has just changed is looked at again after 500 ms at most. */
  readonly intervalMs?: number;
}

/**
 * Acts on what looks find whenever it has become something else, until the signal. Rewrites of files in place, renames
 * over them and swapped symbolic links are all noticed, since the content itself is looked at: events of the file system
 * get lost on network mounts, and follow the file instead of its name. A find counts once two looks in a row have found
 * it, so that a file is not taken half-written. Settles after the signal; rejects if `act` fails.
 */
export async function watch<T>(
  { look, isSame, isKnown, act }: Watched<T>,
  { signal, turns = createTurns(), intervalMs = SETTLE_MS }: WatchOptions,
): Promise<void> {
  let before: { readonly found: T } | undefined;
  const once = async (): Promise<boolean> => {
    const found = await look();
    if (isKnown(found)) {
      // Something else may be taken before it is news again.
      before = undefined;
      return true;
    }
    const settled = before !== undefined && isSame(before.found, found);
    before = { found };
    if (settled && !signal.aborted) await act(found);
    return settled;
  };
  let isQuiet = true;
  while (await slept(isQuiet ? intervalMs : Math.min(intervalMs, SETTLE_MS), signal)) isQuiet = await turns(once);
}

/** Runs one job after the other, in the order in which they came. */
export type Turns = <T>(job: () => Promise<T>) => Promise<T>;

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const turn = last.then(job);
    last = turn.catch(() => undefined);
    return turn;
  };
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
