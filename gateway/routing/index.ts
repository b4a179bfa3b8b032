export { type Availability, resolve, route } from "./route.ts";
export { compileRoutes, type RouteTable } from "./route-table.ts";
