import type { RampConfig } from "../../config/index.ts";
import type { Seen } from "./seen.ts";

/**
 * How the arm has done worse than the guard allows, for people; undefined when it has not, or when too little is known.
 * Without figures of a baseline only what holds for the arm alone is looked at.
 */
export function breachOf({ arm: name, guard }: RampConfig, arm: Seen, baseline: Seen | undefined): string | undefined {
  const { minRequests, maxErrorPercent, maxErrorIncreasePercent, maxLatencyMs, maxLatencyIncreasePercent } = guard;
  if (arm.requests < minRequests) return undefined;

  const failed = `of ${arm.requests} requests of ${name} ${rounded(arm.errorPercent)}% failed`;
  if (maxErrorPercent !== undefined && arm.errorPercent > maxErrorPercent) {
    return `${failed}, more than ${rounded(maxErrorPercent)}%`;
  }
  const slow = `${name} takes ${rounded(arm.latencyMs)} ms at ${rounded(guard.latencyQuantilePercent)}%`;
  if (maxLatencyMs !== undefined && arm.latencyMs > maxLatencyMs) return `${slow}, more than ${maxLatencyMs} ms`;

  if (baseline === undefined) return undefined;
  if (maxErrorIncreasePercent !== undefined && arm.errorPercent - baseline.errorPercent > maxErrorIncreasePercent) {
    return `${failed}, and ${rounded(baseline.errorPercent)}% of the baseline's: more than ${rounded(maxErrorIncreasePercent)}% apart`;
  }
  // A client that sends nonsense is refused by both. An arm that wants other inputs, or lacks an output, refuses alone.
  if (maxErrorIncreasePercent !== undefined && arm.refusedPercent - baseline.refusedPercent > maxErrorIncreasePercent) {
    return `${name} refused ${rounded(arm.refusedPercent)}% of ${arm.requests} requests as wrong, and the baseline ${rounded(baseline.refusedPercent)}%: more than ${rounded(maxErrorIncreasePercent)}% apart`;
  }
  const allowedMs = baseline.latencyMs * (1 + (maxLatencyIncreasePercent ?? 0) / 100);
  if (maxLatencyIncreasePercent !== undefined && arm.latencyMs > allowedMs) {
    return `${slow}, the baseline ${rounded(baseline.latencyMs)} ms: more than ${rounded(maxLatencyIncreasePercent)}% longer`;
  }
  return undefined;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}
