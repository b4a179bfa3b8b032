import type { Config } from "../schema/config.ts";
import type { CheckFinding } from "./finding.ts";
import { modelFindings, proofFindings } from "./model-findings.ts";
import { routeFindings } from "./route-findings.ts";
import { unreachableRoutes } from "./unreachable.ts";
import { weightFindings } from "./weight-findings.ts";

export type { CheckFinding } from "./finding.ts";
export { modelOf, targetsOf, versionOf } from "./route-findings.ts";

/** What is odd about a configuration that loads, as far as it shows in itself: the disk is not looked at. */
export function checkConfig(config: Config): readonly CheckFinding[] {
  return [
    ...modelFindings(config),
    ...proofFindings(config),
    ...unreachableRoutes(config),
    ...weightFindings(config),
    ...routeFindings(config),
  ];
}
