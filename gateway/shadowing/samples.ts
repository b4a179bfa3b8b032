/** An answer that differs from its caller's, for a person. */
export interface ShadowSample {
  readonly route: string;
  /** The shadow's name. */
  readonly target: string;
  /** ISO 8601. */
  readonly at: string;
  /** `model 3`: who answered the caller, and the copy. */
  readonly callerVersion: string;
  readonly copyVersion: string;
  /** The output that differs most. */
  readonly output: string;
  /** Why its values cannot be compared: `shape [2,3] and [2,4]`. */
  readonly mismatch?: string;
  readonly maxAbsDifference?: number;
  readonly rows: number;
  readonly disagreeingRows: number;
  /** The first values of the row that differs most. */
  readonly callerValues: string;
  readonly copyValues: string;
}

export function newestFirst(samples: readonly ShadowSample[]): readonly ShadowSample[] {
  return samples.toSorted((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0));
}

const KEPT = 20;

/** The last of them. */
export class Samples {
  readonly #kept: ShadowSample[] = [];

  add(sample: ShadowSample): void {
    this.#kept.push(sample);
    if (this.#kept.length > KEPT) this.#kept.shift();
  }

  /** Newest first. */
  recent(): readonly ShadowSample[] {
    return this.#kept.toReversed();
  }
}

const MINUTE_MS = 60_000;

/** Lets so many through in each minute. */
export class MinuteLimit {
  #startedMs = Number.NEGATIVE_INFINITY;
  #passed = 0;

  passes(perMinute: number, nowMs: number = performance.now()): boolean {
    if (nowMs - this.#startedMs >= MINUTE_MS) [this.#startedMs, this.#passed] = [nowMs, 0];
    if (this.#passed >= perMinute) return false;
    this.#passed++;
    return true;
  }
}
