import { versionLabelsOf, versionPolicyOf } from "../../config/index.ts";
import { InferenceError, modelName } from "../../core/index.ts";
import type { MergeProof, WantedModel as WantedModelMessage } from "../../protos/index.ts";
import type { FloatTolerance } from "../../tensor/index.ts";
import type { WantedModel } from "../lifecycle/index.ts";

/** Models of `tensorgate.v1.ApplyModelsRequest`; those without tags take `tags`. Throws INVALID_ARGUMENT. */
export function modelsOfMessages(
  models: readonly WantedModelMessage[],
  tags: readonly string[],
): readonly WantedModel[] {
  refuseTwins(models);
  return models.map((model) => ({
    name: modelName(model.name),
    path: model.base_path,
    versions: versionPolicyOf(model.version_policy),
    labels: versionLabelsOf(model.version_labels),
    tags: model.tags.length === 0 ? tags : model.tags,
    mergeProof: model.merge_proof === null ? undefined : toleranceOf(model.merge_proof),
  }));
}

function toleranceOf({ relative_tolerance, absolute_tolerance }: MergeProof): FloatTolerance {
  return { relative: relative_tolerance, absolute: absolute_tolerance };
}

function refuseTwins(models: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of models) {
    if (name === "") throw new InferenceError("INVALID_ARGUMENT", "a model of the set has no name");
    if (seen.has(name)) throw new InferenceError("INVALID_ARGUMENT", `the set has two models ${name}`);
    seen.add(name);
  }
}
