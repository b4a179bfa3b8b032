import { type ArmFigures, LATENCY_BOUNDS_SECONDS } from "../observe/index.ts";

/** What an arm has counted; alone or the difference of two moments. */
export type Counts = Omit<ArmFigures, "route" | "arm">;

/** What a guard looks at. */
export interface Seen {
  readonly requests: number;
  /** 0 where there was no request. */
  readonly errorPercent: number;
  readonly refusedPercent: number;
  /** Of the guard's quantile; 0 where there was no request. */
  readonly latencyMs: number;
}

export function seenOf({ requests, errors, refusals, latencyBuckets }: Counts, quantilePercent: number): Seen {
  const percent = (count: number): number => (requests === 0 ? 0 : (count / requests) * 100);
  return {
    requests,
    errorPercent: percent(errors),
    refusedPercent: percent(refusals),
    latencyMs: quantileMs(latencyBuckets, quantilePercent),
  };
}

/** As Prometheus' `histogram_quantile`: within a bucket all values are taken to lie evenly. Above the last bound it is that bound. */
function quantileMs(buckets: readonly number[], percent: number): number {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  let left = (total * percent) / 100;
  for (const [i, count] of buckets.entries()) {
    if (count > 0 && left <= count) {
      const from = LATENCY_BOUNDS_SECONDS[i - 1] ?? 0;
      const to = LATENCY_BOUNDS_SECONDS[i] ?? from;
      return (from + ((to - from) * left) / count) * 1000;
    }
    left -= count;
  }
  return 0;
}
