import type { ArmFigures } from "../observe/index.ts";

/** What a process of the gateway knows of the arms of routes. */
export interface ArmReport {
  /** What it has counted since it began. */
  readonly figures: readonly ArmFigures[];
  /** The routes whose ramp's arm has nothing that could answer there. */
  readonly unavailable: readonly string[];
}

/** Of several processes: counts are added, and what is missing in one of them is missing. */
export function sumOfReports(reports: readonly ArmReport[]): ArmReport {
  const sums = new Map<string, ArmFigures>();
  for (const each of reports.flatMap(({ figures }) => figures)) {
    const key = JSON.stringify([each.route, each.arm]);
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? each : added(sum, each));
  }
  return { figures: [...sums.values()], unavailable: [...new Set(reports.flatMap(({ unavailable }) => unavailable))] };
}

function added(one: ArmFigures, other: ArmFigures): ArmFigures {
  return {
    ...one,
    requests: one.requests + other.requests,
    errors: one.errors + other.errors,
    refusals: one.refusals + other.refusals,
    latencyBuckets: one.latencyBuckets.map((count, i) => count + (other.latencyBuckets[i] ?? 0)),
  };
}
