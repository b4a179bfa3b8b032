import type { Config, ModelConfig, RouteAction, RouteConfig, SplitArm, Target } from "../../config/index.ts";
import type { ModelName, Version, VersionChoice } from "../../core/index.ts";

/** A configuration's models and routes, compiled once and never changed; a reload makes another one. */
export interface RouteTable {
  readonly models: ReadonlyMap<ModelName, ModelRoutes>;
}

export interface ModelRoutes {
  readonly labels: ReadonlyMap<string, Version>;
  /** In the order of the file, by what a request must ask for: see `choiceKey`. */
  readonly routes: ReadonlyMap<string, readonly Route[]>;
}

export interface Route {
  /** Lower-case names and the exact values that must all be there. */
  readonly headers: readonly (readonly [string, string])[];
  readonly action: Action;
}

export type Action =
  | { readonly by: "first"; readonly targets: readonly ResolvedTarget[] }
  | { readonly by: "chance"; readonly arms: readonly Arm[]; readonly stickyHeader: string | undefined };

/** A target with its label looked up; the version is undefined for a label that the model doesn't have. */
export interface ResolvedTarget {
  /** The label, or the version's number. */
  readonly name: string;
  readonly version: Version | undefined;
}

export interface Arm extends ResolvedTarget {
  /** Above 0. */
  readonly weight: number;
  /** Tells this arm from others in a hash, whatever version its label names at the time. */
  readonly hashKey: string;
}

/** Compiles models and routes, so that a request costs the same whether there is 1 model or 10,000. */
export function compileRoutes({ models, routes }: Pick<Config, "models" | "routes">): RouteTable {
  const byModel = new Map<ModelName, RouteConfig[]>();
  for (const route of routes) {
    const same = byModel.get(route.match.model);
    if (same === undefined) byModel.set(route.match.model, [route]);
    else same.push(route);
  }
  return { models: new Map(models.map((model) => [model.name, compileModel(model, byModel.get(model.name) ?? [])])) };
}

/** What a request asks for, as a key: a route is only looked at by requests that ask for the same as its match. */
export function choiceKey(choice: VersionChoice): string {
  switch (choice.by) {
    case "latest":
      return "";
    case "version":
      return `v${choice.version}`;
    case "label":
      return `l${choice.label}`;
  }
}

function compileModel({ name, labels }: ModelConfig, configs: readonly RouteConfig[]): ModelRoutes {
  const routes = new Map<string, Route[]>();
  for (const { match, action } of configs) {
    const key = choiceKey(match.choice);
    const route: Route = { headers: [...match.headers], action: compileAction(name, labels, action) };
    routes.set(key, [...(routes.get(key) ?? []), route]);
  }
  return { labels, routes };
}

function compileAction(model: ModelName, labels: ReadonlyMap<string, Version>, action: RouteAction): Action {
  switch (action.by) {
    case "to":
      return { by: "first", targets: action.targets.map((target) => resolveTarget(labels, target)) };
    case "split":
      return {
        by: "chance",
        arms: action.arms.filter(({ weight }) => weight > 0).map((arm) => compileArm(model, labels, arm)),
        stickyHeader: action.sticky?.header,
      };
  }
}

function compileArm(model: ModelName, labels: ReadonlyMap<string, Version>, { target, weight }: SplitArm): Arm {
  const resolved = resolveTarget(labels, target);
  return { ...resolved, weight, hashKey: `${model}\0${target.by}\0${resolved.name}` };
}

function resolveTarget(labels: ReadonlyMap<string, Version>, target: Target): ResolvedTarget {
  return target.by === "label"
    ? { name: target.label, version: labels.get(target.label) }
    : { name: String(target.version), version: target.version };
}
