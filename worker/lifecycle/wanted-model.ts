import type { ModelConfig } from "../../config/index.ts";
import type { FloatTolerance } from "../../tensor/index.ts";

/** One model that this worker should serve. */
export interface WantedModel extends Pick<ModelConfig, "name" | "path" | "versions" | "labels"> {
  /** Tags of the MetaGraph to load. */
  readonly tags: readonly string[];
  /** Set when calls are to be merged: how far apart answers may lie for that to be safe. */
  readonly mergeProof: FloatTolerance | undefined;
}
