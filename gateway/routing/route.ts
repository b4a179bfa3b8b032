import { didYouMean } from "../../config/index.ts";
import { describeChoice, InferenceError, type ModelName, type Version, type VersionChoice } from "../../core/index.ts";
import type { InferenceCall, RoutedCall, Servable } from "../call.ts";
import {
  type Action,
  choiceKey,
  type ModelRoutes,
  type ResolvedTarget,
  type Route,
  type RouteTable,
} from "./route-table.ts";
import { armByChance, armByKey } from "./split.ts";

/** What routing asks about the workers. */
export interface Availability {
  /** The version, if some worker has it AVAILABLE. */
  servable(name: ModelName, version: Version): Servable | undefined;
  /** The highest version that is AVAILABLE. */
  latest(name: ModelName): Servable | undefined;
  /**
   * Of a model without an available version: `starting` for the first time, `lost` when it has answered before and its
   * workers are away for the moment, `failed` when nothing is on its way.
   */
  outlook(name: ModelName): "starting" | "lost" | "failed";
}

const RETRY_AFTER_MS = 1000;

/**
 * Which version answers a call. A version or label that the request names is served as asked, unless a route matches
 * just that; else the first matching route decides, else the highest available version. Fails with
 * - NOT_FOUND: unknown model, version that isn't available, or a model of which nothing can be loaded;
 * - INVALID_ARGUMENT: unknown label;
 * - UNAVAILABLE: the model is still loading, or no arm of its route has an available version. A route never falls back to
 *   versions that it doesn't name.
 */
export function route(
  table: RouteTable,
  available: Availability,
  call: InferenceCall,
  random: () => number = Math.random,
): RoutedCall {
  const { name, choice } = call.spec;
  const model = table.models.get(name);
  const matching = model === undefined ? undefined : findRoute(model, call);
  if (matching !== undefined) return followRoute(matching.action, available, call, random);
  return { call, target: resolve(table, available, name, choice), arm: "" };
}

/**
 * The version that a request names, without any routes: for what is asked about a model rather than of it (metadata).
 * Fails as `route` does.
 */
export function resolve(table: RouteTable, available: Availability, name: ModelName, choice: VersionChoice): Servable {
  const model = table.models.get(name);
  const wanted = choice.by === "label" ? versionOfLabel(model, choice.label) : choice;
  const target = wanted.by === "latest" ? available.latest(name) : available.servable(name, wanted.version);
  // A worker may still hold a model that the configuration has just dropped.
  if (model === undefined) {
    throw new InferenceError("NOT_FOUND", `${notFoundText(name, wanted)}${didYouMean(name, table.models.keys())}`);
  }
  if (target !== undefined) return target;
  if (available.latest(name) === undefined) throw nothingAvailable(available, name, wanted);
  throw new InferenceError("NOT_FOUND", notFoundText(name, wanted));
}

function findRoute({ routes }: ModelRoutes, { spec, header }: InferenceCall): Route | undefined {
  if (routes.size === 0) return undefined;
  return routes
    .get(choiceKey(spec.choice))
    ?.find(({ headers }) => headers.every(([name, value]) => header(name) === value));
}

function followRoute(action: Action, available: Availability, call: InferenceCall, random: () => number): RoutedCall {
  const { name, choice } = call.spec;
  const servableOf = ({ version }: ResolvedTarget): Servable | undefined =>
    version === undefined ? undefined : available.servable(name, version);

  if (action.by === "first") {
    for (const candidate of action.targets) {
      const target = servableOf(candidate);
      if (target !== undefined) return { call, target, arm: "" };
    }
  } else {
    const arms = action.arms.filter((arm) => servableOf(arm) !== undefined);
    const key = action.stickyHeader === undefined ? undefined : call.header(action.stickyHeader);
    const arm = key === undefined || key === "" ? armByChance(arms, random) : armByKey(arms, key);
    const target = arm && servableOf(arm);
    if (arm !== undefined && target !== undefined) return { call, target, arm: arm.name };
  }
  if (available.latest(name) === undefined) throw nothingAvailable(available, name, choice);
  throw new InferenceError(
    "UNAVAILABLE",
    `${notFoundText(name, choice)}; no version that its route names is available`,
    {
      retryAfterMs: RETRY_AFTER_MS,
    },
  );
}

/** A label of an unknown model is an unknown label: `ServerCore::GetModelVersionForLabel`. */
function versionOfLabel(
  model: ModelRoutes | undefined,
  label: string,
): { readonly by: "version"; readonly version: Version } {
  const version = model?.labels.get(label);
  if (version !== undefined) return { by: "version", version };
  const hint = didYouMean(label, model?.labels.keys() ?? []);
  throw new InferenceError("INVALID_ARGUMENT", `Unrecognized servable version label: ${label}${hint}`);
}

/** Begins as TensorFlow Serving's answer does, which knows no "still loading". */
function nothingAvailable(available: Availability, name: ModelName, choice: VersionChoice): InferenceError {
  const text = notFoundText(name, choice);
  switch (available.outlook(name)) {
    case "failed":
      return new InferenceError("NOT_FOUND", text);
    case "starting":
      return new InferenceError("UNAVAILABLE", `${text}; the model is still loading`, { retryAfterMs: RETRY_AFTER_MS });
    case "lost":
      return new InferenceError("UNAVAILABLE", `${text}; its workers are away, they are being restarted`, {
        retryable: true,
        retryAfterMs: RETRY_AFTER_MS,
      });
  }
}

function notFoundText(name: ModelName, choice: VersionChoice): string {
  return `Servable not found for request: ${describeChoice(name, choice)}`;
}
