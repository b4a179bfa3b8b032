import { LATEST, type ModelName, modelName } from "../../core/index.ts";
import { servableOf } from "./decision.ts";
import type { Availability } from "./resolve.ts";
import type { Route, RouteTable } from "./route-table.ts";

/** The routes with a ramp whose arm has no version that could answer at this moment. */
export function routesWithoutArm(table: RouteTable, available: Availability): readonly string[] {
  return table.routes.flatMap((route) => (isWithoutArm(table, available, route) ? [route.name] : []));
}

/** Of a route for models by pattern nothing can be told unless its arm names one. */
function isWithoutArm(table: RouteTable, available: Availability, { config }: Route): boolean {
  const { action, match, ramp } = config;
  if (ramp === undefined || action.by !== "split") return false;
  const target = action.arms.find(({ name }) => name === ramp.arm)?.target;
  const name: ModelName | undefined = match.model?.by === "exact" ? modelName(match.model.value) : target?.model;
  if (target === undefined || name === undefined) return false;
  const choice = match.choice.by === "any" ? LATEST : match.choice;
  return servableOf(table, available, { spec: { name, choice, signature: "" } }, target) === undefined;
}
