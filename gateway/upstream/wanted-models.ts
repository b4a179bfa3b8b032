import {
  type BatchingConfig,
  batchingByModel,
  type Config,
  type ModelConfig,
  type VersionPolicy,
} from "../../config/index.ts";
import type { ServableVersionPolicy, WantedModel } from "../../protos/index.ts";

/** The models of a configuration as workers are told of them. */
export function wantedModels(config: Pick<Config, "models" | "batching">): readonly WantedModel[] {
  const batching = batchingByModel(config);
  return config.models.map((model) => {
    const bounds = batching.get(model.name);
    const known = WANTED.get(model);
    if (known !== undefined && known.bounds === bounds) return known.wanted;
    const wanted = wantedModel(model, bounds);
    WANTED.set(model, { bounds, wanted });
    return wanted;
  });
}

/** Of models that have not changed, so that the sets of two configurations are quickly compared. */
const WANTED = new WeakMap<
  ModelConfig,
  { readonly bounds: BatchingConfig | undefined; readonly wanted: WantedModel }
>();

function wantedModel(
  { name, path, versions, labels, tags }: ModelConfig,
  batching: BatchingConfig | undefined,
): WantedModel {
  return {
    name,
    base_path: path,
    version_policy: versionPolicy(versions),
    version_labels: Object.fromEntries([...labels].map(([label, version]) => [label, String(version)])),
    tags: tags ?? [],
    merge_proof:
      batching === undefined
        ? null
        : { relative_tolerance: batching.tolerance.relative, absolute_tolerance: batching.tolerance.absolute },
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
