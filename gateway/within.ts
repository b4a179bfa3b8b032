import { setTimeout as sleep } from "node:timers/promises";

/** Waits for a promise, but not for longer: it goes on then, and its failure is nobody's. */
export async function within(limitMs: number, promise: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  const limit = sleep(Math.min(limitMs, LONGEST_MS), undefined, { signal: ended.signal }).catch(() => {});
  try {
    await Promise.race([promise, limit]);
  } finally {
    ended.abort();
    promise.catch(() => {});
  }
}

/** Of a timer. */
const LONGEST_MS = 2 ** 31 - 1;
