import type { Counts } from "./seen.ts";

/** What the two arms of a ramp have counted since the process began. */
export interface BothCounts {
  readonly arm: Counts;
  readonly baseline: Counts;
}

interface Sample {
  readonly atMs: number;
  readonly counts: BothCounts;
}

/** How many samples stand for a window at most: it slides by a part of this. */
const PARTS = 60;

/** What both arms have counted within the last while. */
export class Window {
  readonly #lengthMs: number;
  /** The first one is what the others are held against. */
  #samples: Sample[] = [];

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** Forgets what was: only what comes from now on counts. */
  clear(): void {
    this.#samples = [];
  }

  /** What has been counted since the window's begin, or since the first look after it was cleared. */
  add(atMs: number, counts: BothCounts): BothCounts {
    // A clock that was set back.
    if (atMs < (this.#samples.at(-1)?.atMs ?? 0)) this.clear();
    const last = this.#samples.at(-1);
    while ((this.#samples[1]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs - this.#lengthMs) this.#samples.shift();
    if (last === undefined || atMs - last.atMs >= this.#lengthMs / PARTS) this.#samples.push({ atMs, counts });
    const from = this.#samples[0]?.counts ?? counts;
    return { arm: difference(counts.arm, from.arm), baseline: difference(counts.baseline, from.baseline) };
  }
}

/** Never below nothing, should a count have been lost. */
function difference(now: Counts, before: Counts): Counts {
  return {
    requests: Math.max(0, now.requests - before.requests),
    errors: Math.max(0, now.errors - before.errors),
    refusals: Math.max(0, now.refusals - before.refusals),
    latencyBuckets: now.latencyBuckets.map((count, i) => Math.max(0, count - (before.latencyBuckets[i] ?? 0))),
  };
}
