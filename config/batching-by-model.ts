import type { ModelName } from "../core/index.ts";
import type { BatchingConfig } from "./schema/batching.ts";
import type { Config } from "./schema/config.ts";

/**
 * The models whose concurrent calls may be joined, with their bounds. A joined call that fails is sent again call by call,
 * so a model that must not run twice is not among them.
 */
export function batchingByModel({
  models,
  batching: common,
}: Pick<Config, "models" | "batching">): ReadonlyMap<ModelName, BatchingConfig> {
  return new Map(
    models.flatMap(({ name, retry, batching = common }) => (retry && batching !== "off" ? [[name, batching]] : [])),
  );
}
