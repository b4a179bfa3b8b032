import type { ModelConfig } from "../../config/index.ts";

/** One model that this worker should serve. */
export interface WantedModel extends Pick<ModelConfig, "name" | "path" | "versions" | "labels"> {
  /** Tags of the MetaGraph to load. */
  readonly tags: readonly string[];
}
