import { setImmediate as nextTurn } from "node:timers/promises";
import type { Config } from "../schema/config.ts";
import type { CheckFinding } from "./finding.ts";
import { modelFindings, proofFindings } from "./model-findings.ts";
import { routeFindings } from "./route-findings.ts";
import { unreachableRoutes } from "./unreachable.ts";
import { weightFindings } from "./weight-findings.ts";

export type { CheckFinding } from "./finding.ts";
export { modelOf, targetsOf, versionOf } from "./route-findings.ts";

const CHECKS: readonly ((config: Config) => readonly CheckFinding[])[] = [
  modelFindings,
  proofFindings,
  unreachableRoutes,
  weightFindings,
  routeFindings,
];

/** What is odd about a configuration that loads, as far as it shows in itself: the disk is not looked at. */
export function checkConfig(config: Config): readonly CheckFinding[] {
  return CHECKS.flatMap((check) => check(config));
}

/** As {@link checkConfig}, while requests are served: each kind of check in a turn of the event loop of its own. */
export async function checkInTurns(config: Config): Promise<readonly CheckFinding[]> {
  const findings: CheckFinding[] = [];
  for (const check of CHECKS) {
    await nextTurn();
    findings.push(...check(config));
  }
  return findings;
}
