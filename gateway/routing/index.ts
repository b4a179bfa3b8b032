export { Decision, decide, routeStage, routeTarget } from "./decision.ts";
export { type Availability, noTarget, resolve } from "./resolve.ts";
export { compileRoutes, type Route, type RouteTable, type Stage } from "./route-table.ts";
