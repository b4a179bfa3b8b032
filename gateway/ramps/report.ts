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
    const key = keyOf(each.route, each.arm);
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? each : added(sum, each));
  }
  return { figures: [...sums.values()], unavailable: [...new Set(reports.flatMap(({ unavailable }) => unavailable))] };
}

/** Finds the counts of an arm; undefined: it has had no call. */
export function countsOf({ figures }: ArmReport): (route: string, arm: string) => ArmFigures | undefined {
  const byKey = new Map(figures.map((each) => [keyOf(each.route, each.arm), each]));
  return (route, arm) => byKey.get(keyOf(route, arm));
}

function keyOf(route: string, arm: string): string {
  return JSON.stringify([route, arm]);
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
