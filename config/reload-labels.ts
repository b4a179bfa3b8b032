import { InferenceError, type Version } from "../core/index.ts";
import type { ModelConfig } from "./schema/models.ts";

/** What the rule on labels asks about the model that is served under the same name. */
export interface LabelFacts {
  readonly isAvailable: (version: Version) => boolean;
  /** Where the label leads now. */
  readonly inUse: (label: string) => Version | undefined;
  /** `--allow_version_labels_for_unavailable_models`. */
  readonly allowUnavailable: boolean;
}

/**
 * A label of a reload must lead to a version that answers; with the flag, a label that is not in use for another version
 * may wait. Throws FAILED_PRECONDITION in the words of `model_servers/server_core.cc`.
 */
export function checkReloadedLabels({ name, labels }: Pick<ModelConfig, "name" | "labels">, facts: LabelFacts): void {
  for (const [label, version] of labels) {
    if (facts.isAvailable(version)) continue;
    const inUse = facts.inUse(label);
    if (facts.allowUnavailable && (inUse === undefined || inUse === version)) continue;
    throw new InferenceError(
      "FAILED_PRECONDITION",
      `Request to assign label to version ${version} of model ${name}, which is not currently available for inference`,
    );
  }
}
