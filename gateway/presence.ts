import { type Config, type RouteConfig, targetName } from "../config/index.ts";
import type { ModelName } from "../core/index.ts";
import type { Presence } from "./observe/index.ts";
import { DEFAULT_ARM } from "./routing/index.ts";
import type { Pools } from "./upstream/index.ts";

/** What there is by a configuration, and of versions by what the pools have. */
export function presenceOf(
  config: Pick<Config, "models" | "routes" | "http">,
  registry: Pick<Pools["registry"], "mayHave">,
): Presence {
  const models = new Set<string>(config.models.map(({ name }) => name));
  const routes = new Map(config.routes.map((route) => [route.name, route]));
  const http = new Map(config.http.map((entry) => [entry.name, entry]));
  return {
    hasVersion: (model, version) =>
      models.has(model) && (version === "" || registry.mayHave(model as ModelName, version)),
    hasArm(name, arm) {
      const route = routes.get(name);
      return route !== undefined && (arm === "" || armNames(route).includes(arm));
    },
    hasHttpArm(name, arm) {
      const entry = http.get(name);
      return entry !== undefined && (arm === "" || entry.arms.some((each) => each.name === arm));
    },
  };
}

/** Of all stages, also of an arm that gets nothing at the moment. */
function armNames({ action, fallback, defaultOutputs }: RouteConfig): readonly string[] {
  return [
    ...(action.by === "split" ? action.arms.map(({ name }) => name) : []),
    ...(fallback?.to ?? []).map(targetName),
    ...(defaultOutputs === undefined ? [] : [DEFAULT_ARM]),
  ];
}
