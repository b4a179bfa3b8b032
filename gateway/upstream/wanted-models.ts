import type { ModelConfig, VersionPolicy } from "../../config/index.ts";
import type { ApplyModelsRequest, ServableVersionPolicy, WantedModel } from "../../protos/index.ts";

/** The models of a configuration as workers are told of them. `generation` must grow from set to set. */
export function applyModelsRequest(models: readonly ModelConfig[], generation: bigint): ApplyModelsRequest {
  return { models: models.map(wantedModel), generation: String(generation) };
}

function wantedModel({ name, path, versions, labels, tags }: ModelConfig): WantedModel {
  return {
    name,
    base_path: path,
    version_policy: versionPolicy(versions),
    version_labels: Object.fromEntries([...labels].map(([label, version]) => [label, String(version)])),
    tags: tags ?? [],
  };
}

function versionPolicy(policy: VersionPolicy): ServableVersionPolicy {
  switch (policy.by) {
    case "latest":
      return { policy_choice: "latest", latest: { num_versions: policy.count } };
    case "all":
      return { policy_choice: "all", all: {} };
    case "specific":
      return { policy_choice: "specific", specific: { versions: policy.versions.map(String) } };
  }
}
