import type { ModelName, Version } from "../../core/index.ts";

/** One entry of `models:`. Swapped by a reload. */
export interface ModelConfig {
  readonly name: ModelName;
  /** Absolute. */
  readonly path: string;
  readonly versions: VersionPolicy;
  readonly labels: ReadonlyMap<string, Version>;
  /** Tags of the MetaGraph to serve; undefined: those of `workers.load.tags`. */
  readonly tags: readonly string[] | undefined;
  /** Whether a call whose worker died may be sent again although it may have run. */
  readonly retry: boolean;
}

/** Which of the versions found on disk are wanted. */
export type VersionPolicy =
  | { readonly by: "latest"; readonly count: number }
  | { readonly by: "all" }
  | { readonly by: "specific"; readonly versions: readonly Version[] };
