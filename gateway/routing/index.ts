export { Decision, decide, routeStage, routeTarget, servableOf } from "./decision.ts";
export { describeExplanation } from "./describe-explanation.ts";
export { type ExplainQuery, explain } from "./explain.ts";
export { UNKNOWN_VERSION } from "./explain-stages.ts";
export type { Explanation } from "./explanation.ts";
export { type Availability, noTarget, resolve } from "./resolve.ts";
export { compileRoutes, type Route, type RouteTable, type Stage } from "./route-table.ts";
export { isPartOf, uniform } from "./split.ts";
export { inputKey } from "./sticky.ts";
