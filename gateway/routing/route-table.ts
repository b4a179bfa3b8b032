import {
  type ChainStep,
  type Config,
  DEFAULT_FALLBACK_CODES,
  type RouteConfig,
  type SplitArm,
  type StickyKey,
  type Target,
  targetName,
} from "../../config/index.ts";
import { DEFAULT_SIGNATURE, type ErrorCode, LATEST, type ModelName } from "../../core/index.ts";
import { compileMatch, type Match } from "./match.ts";
import { ModelFacts, RoutesByModel } from "./routes-by-model.ts";

/** A configuration's models and routes, compiled once and never changed; a reload makes another one. */
export interface RouteTable {
  readonly models: ReadonlyMap<ModelName, ModelFacts>;
  /** All, in the order of the file. */
  readonly routes: readonly Route[];
  /** What looks at requests for models that are not configured, as routes may rewrite them. */
  readonly routesByModel: RoutesByModel;
}

export interface Route {
  /** Its place among all. */
  readonly order: number;
  readonly name: string;
  readonly config: RouteConfig;
  readonly match: Match;
  readonly sticky: StickyKey | undefined;
  /** The route's own targets, and behind them those of its fallback, one by one. */
  readonly stages: readonly Stage[];
  /** After which failures the next stage is asked. */
  readonly fallsBackOn: ReadonlySet<ErrorCode>;
}

/** Targets one of which answers. `arm`: "" but for the fallback's. */
export type Stage =
  | { readonly by: "first"; readonly targets: readonly Target[]; readonly arm: string }
  | { readonly by: "chance"; readonly arms: readonly Arm[] }
  | { readonly by: "chain"; readonly steps: readonly ChainStep[] };

/** What the arm is called that answers when nobody does: the route's `defaultOutputs`. */
export const DEFAULT_ARM = "default";

export interface Arm extends SplitArm {
  /** Tells this arm from others in a hash, whatever version its label names at the time. */
  readonly hashKey: string;
}

/** Compiles models and routes, so that a request costs the same whether there is 1 model or 10,000. */
export function compileRoutes({ models, routes: configs }: Pick<Config, "models" | "routes">): RouteTable {
  const routes = configs.map(routeOf);
  const routesByModel = new RoutesByModel(routes);
  return {
    models: new Map(models.map((model) => [model.name, new ModelFacts(model, routesByModel)])),
    routes,
    routesByModel,
  };
}

/** Of configurations that never change: a reload leaves most of them the objects that they were. */
const COMPILED = new WeakMap<RouteConfig, Route>();

function routeOf(config: RouteConfig, order: number): Route {
  const known = COMPILED.get(config);
  if (known?.order === order) return known;
  const route = compileRoute(config, order);
  COMPILED.set(config, route);
  return route;
}

function compileRoute(config: RouteConfig, order: number): Route {
  const { action, fallback } = config;
  const others = (fallback?.to ?? []).map(
    (target): Stage => ({ by: "first", targets: [target], arm: targetName(target) }),
  );
  return {
    order,
    name: config.name,
    config,
    match: compileMatch(config.match),
    sticky: config.sticky,
    stages: [firstStage(config, action), ...others],
    fallsBackOn: new Set(fallback?.on ?? DEFAULT_FALLBACK_CODES),
  };
}

function firstStage({ match }: RouteConfig, action: RouteConfig["action"]): Stage {
  switch (action.by) {
    case "to":
      return { by: "first", targets: action.targets, arm: "" };
    case "chain":
      return { by: "chain", steps: action.steps.map(chainStep) };
    case "split": {
      const model = match.model?.by === "exact" ? match.model.value : "";
      const arms = action.arms.filter(({ weight }) => weight > 0);
      return { by: "chance", arms: arms.map((arm) => ({ ...arm, hashKey: hashKeyOf(model, arm) })) };
    }
  }
}

/** What a request names is for the first step. */
function chainStep(step: ChainStep, i: number): ChainStep {
  const { target } = step;
  if (i === 0) return step;
  const choice = target.choice.by === "asked" && target.model !== undefined ? LATEST : target.choice;
  return { ...step, target: { ...target, choice, signature: target.signature ?? DEFAULT_SIGNATURE } };
}

/** Of a label or version without a name of its own it is what it has always been, so that clients keep their arms. */
function hashKeyOf(model: string, { name, target }: SplitArm): string {
  const isLabel = target.choice.by === "label" && target.choice.label === name;
  return `${model}\0${isLabel ? "label" : target.choice.by === "version" ? "version" : "name"}\0${name}`;
}
