import { didYouMean } from "../../config/index.ts";
import { describeChoice, InferenceError, type ModelName, type Version, type VersionChoice } from "../../core/index.ts";
import type { Servable } from "../call.ts";
import type { RouteTable } from "./route-table.ts";

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
  const wanted = versionAsked(table, name, choice);
  const target = wanted?.by === "version" ? available.servable(name, wanted.version) : wanted && available.latest(name);
  // A worker may still hold a model that the configuration has just dropped.
  if (target !== undefined && table.models.has(name)) return target;
  throw notAsAsked(table, available, name, choice);
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

/** Why there is nothing of what a request names: with a route that leaves the version to it as without any. */
export function notAsAsked(
  table: RouteTable,
  available: Availability,
  name: ModelName,
  choice: VersionChoice,
  pool?: string,
): InferenceError {
  const { models } = table;
  const wanted = versionAsked(table, name, choice);
  if (wanted === undefined && choice.by === "label") {
    const hint = didYouMean(choice.label, models.get(name)?.labels.keys() ?? []);
    return new InferenceError("INVALID_ARGUMENT", `Unrecognized servable version label: ${choice.label}${hint}`);
  }
  const asked = wanted ?? choice;
  const text = notFoundText(name, asked);
  if (!models.has(name)) return new InferenceError("NOT_FOUND", `${text}${didYouMean(name, models.keys())}`);
  if (available.latest(name, pool) === undefined) return nothingAvailable(available, name, asked, pool);
  return new InferenceError("NOT_FOUND", text);
}

type NoLabel = Exclude<VersionChoice, { by: "label" }>;

/** Undefined for an unknown label, which a label of an unknown model is: `ServerCore::GetModelVersionForLabel`. */
function versionAsked({ models }: RouteTable, name: ModelName, choice: VersionChoice): NoLabel | undefined {
  if (choice.by !== "label") return choice;
  const version = models.get(name)?.labels.get(choice.label);
  return version === undefined ? undefined : { by: "version", version };
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
