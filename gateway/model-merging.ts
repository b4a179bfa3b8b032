import type { Version } from "../core/index.ts";
import type { Merging, Servable } from "./call.ts";

/** Of the available versions of a model, why calls for a signature are merged or not. */
export type ModelMerging = ReadonlyMap<Version, ReadonlyMap<string, Merging>>;

/** TensorFlow's own signatures, which no client calls. */
const INTERNAL = "__saved_model_";

/** Every signature that clients can call, with what is known of it by now. */
export function modelMerging(
  available: readonly Servable[],
  mergingOf: (target: Servable) => ReadonlyMap<string, Merging>,
): ModelMerging {
  return new Map(
    available.map((target) => {
      const known = mergingOf(target);
      const keys = [...target.signatures.keys()].filter((key) => !key.startsWith(INTERNAL));
      return [target.version, new Map(keys.map((key) => [key, known.get(key) ?? NOT_EXAMINED] as const))];
    }),
  );
}

const NOT_EXAMINED: Merging = { is: "refused", reason: "not examined" };
