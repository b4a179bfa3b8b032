import { type BatchingConfig, batchingByModel, batchingOfText, type Config } from "../config/index.ts";
import type { Servable } from "./call.ts";

/** How calls for a version may be joined; undefined: they travel alone. */
export type BoundsOf = (target: Servable) => BatchingConfig | undefined;

/**
 * By model; with `fromVersions` (`workers.load.batchingFiles`) a version brings the bounds of its own, but for models that are configured with
 * some, and travels alone where it has none. How many calls may be under way stays the configuration's, as TensorFlow Serving's threads are for all.
 */
export function createBounds(config: Config, fromVersions: boolean): BoundsOf {
  const byModel = batchingByModel(config);
  if (!fromVersions) return ({ name }) => byModel.get(name);
  const configured = new Set(config.models.flatMap(({ name, batching }) => (batching === undefined ? [] : name)));
  const byVersion = new WeakMap<Servable, BatchingConfig | "off">();
  return (target) => {
    const common = byModel.get(target.name);
    if (common === undefined || configured.has(target.name)) return common;
    let own = byVersion.get(target);
    if (own === undefined) {
      own = target.batchingFile ? batchingOfText(target.batchingFile, common) : "off";
      byVersion.set(target, own);
    }
    return own === "off" ? undefined : own;
  };
}
