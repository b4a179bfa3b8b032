import { didYouMean } from "../../config/index.ts";
import { describeChoice, InferenceError, type ModelName, type Version, type VersionChoice } from "../../core/index.ts";
import type { Servable } from "../call.ts";
import type { ModelFacts, RouteTable } from "./route-table.ts";

/** What routing asks about the workers; without a pool, of the model's own. */
export interface Availability {
  /** The version, if some worker has it AVAILABLE. */
  servable(name: ModelName, version: Version, pool?: string): Servable | undefined;
  /** The highest version that is AVAILABLE. */
  latest(name: ModelName, pool?: string): Servable | undefined;
  /**
   * Of a model without an available version: `starting` for the first time, `lost` when it has answered before and its
   * workers are away for the moment, `failed` when nothing is on its way.
   */
  outlook(name: ModelName, pool?: string): "starting" | "lost" | "failed";
}

const RETRY_AFTER_MS = 1000;

/**
 * The version that a request names, without any routes: for what no route matches, and for what is asked about a model
 * rather than of it (metadata). Fails with
 * - NOT_FOUND: unknown model, version that isn't available, or a model of which nothing can be loaded;
 * - INVALID_ARGUMENT: unknown label;
 * - UNAVAILABLE: the model is still loading, or its workers are away.
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

/** Why no target of a route answers. A route never falls back to versions that it doesn't name. */
export function noTarget(
  available: Availability,
  name: ModelName,
  choice: VersionChoice,
  pool?: string,
): InferenceError {
  if (available.latest(name, pool) === undefined) return nothingAvailable(available, name, choice, pool);
  return new InferenceError(
    "UNAVAILABLE",
    `${notFoundText(name, choice)}; no version that its route names is available`,
    { retryAfterMs: RETRY_AFTER_MS },
  );
}

/** A label of an unknown model is an unknown label: `ServerCore::GetModelVersionForLabel`. */
function versionOfLabel(
  model: ModelFacts | undefined,
  label: string,
): { readonly by: "version"; readonly version: Version } {
  const version = model?.labels.get(label);
  if (version !== undefined) return { by: "version", version };
  const hint = didYouMean(label, model?.labels.keys() ?? []);
  throw new InferenceError("INVALID_ARGUMENT", `Unrecognized servable version label: ${label}${hint}`);
}

/** Begins as TensorFlow Serving's answer does, which knows no "still loading". */
function nothingAvailable(
  available: Availability,
  name: ModelName,
  choice: VersionChoice,
  pool?: string,
): InferenceError {
  const text = notFoundText(name, choice);
  switch (available.outlook(name, pool)) {
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
