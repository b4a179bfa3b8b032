import type { Version } from "../../core/index.ts";

/** What the policy needs to know of one version of a model. */
export interface VersionView {
  readonly version: Version;
  /** The source asks for it. */
  readonly wanted: boolean;
  /** `waiting`: a load has failed and is tried again later; `failed`: it is not. */
  readonly is: "new" | "loading" | "available" | "waiting" | "failed" | "unloading" | "ended";
}

export type Action<V extends VersionView> =
  | { readonly do: "load"; readonly it: V }
  /** Take it out of service, wait for its users, free it. */
  | { readonly do: "unload"; readonly it: V }
  /** Forget a version that holds nothing. */
  | { readonly do: "drop"; readonly it: V };

/**
 * What to do next so that the model keeps answering; undefined when there is nothing to do now. Versions are those of one
 * model, in any order; the caller acts, and asks again.
 *
 * Availability first (TensorFlow Serving's `AvailabilityPreservingPolicy`): a version that is no longer wanted goes
 * only once a wanted one answers, or when none is wanted at all. That takes the memory of both for a moment; unloads
 * come before loads, so that it is for as short as can be. New versions load highest first: that is what "latest" means.
 */
export function nextAction<V extends VersionView>(versions: readonly V[]): Action<V> | undefined {
  const ascending = [...versions].sort((a, b) => (a.version < b.version ? -1 : a.version > b.version ? 1 : 0));
  const idle = ascending.find(({ wanted, is }) => !wanted && (is === "new" || is === "waiting" || is === "failed"));
  if (idle !== undefined) return { do: "drop", it: idle };

  const answers = ascending.some(({ wanted, is }) => wanted && is === "available");
  const nothingWanted = !ascending.some(({ wanted }) => wanted);
  const surplus = ascending.find(({ wanted, is }) => !wanted && is === "available");
  if (surplus !== undefined && (answers || nothingWanted)) return { do: "unload", it: surplus };

  const fresh = ascending.findLast(({ wanted, is }) => wanted && is === "new");
  return fresh === undefined ? undefined : { do: "load", it: fresh };
}
