import type { VersionPolicy } from "../../config/index.ts";
import { InferenceError, modelName, version } from "../../core/index.ts";
import type { ModelConfig, ServableVersionPolicy, WantedModel as WantedModelMessage } from "../../protos/index.ts";
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
    versions: policyOf(model.version_policy),
    labels: labelsOf(model.version_labels),
    tags: model.tags.length === 0 ? tags : model.tags,
  }));
}

/** Models of a TensorFlow Serving model list. Throws INVALID_ARGUMENT. */
export function modelsOfConfigs(configs: readonly ModelConfig[], tags: readonly string[]): readonly WantedModel[] {
  refuseTwins(configs);
  return configs.map((config) => ({
    name: modelName(config.name),
    path: config.base_path,
    versions: policyOf(config.model_version_policy),
    labels: labelsOf(config.version_labels),
    tags,
  }));
}

function refuseTwins(models: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of models) {
    if (name === "") throw new InferenceError("INVALID_ARGUMENT", "a model in the config list has no name");
    if (seen.has(name)) {
      throw new InferenceError("INVALID_ARGUMENT", `Illegal to list model ${name} multiple times in config list`);
    }
    seen.add(name);
  }
}

function policyOf(policy: ServableVersionPolicy | null): VersionPolicy {
  switch (policy?.policy_choice) {
    case undefined:
      return { by: "latest", count: 1 };
    case "latest":
      return { by: "latest", count: Math.max(1, policy.latest.num_versions) };
    case "all":
      return { by: "all" };
    case "specific":
      return { by: "specific", versions: policy.specific.versions.map(version) };
  }
}

function labelsOf(labels: Readonly<Record<string, string>>): WantedModel["labels"] {
  return new Map(Object.entries(labels).map(([label, value]) => [label, version(value)]));
}
