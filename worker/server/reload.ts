import { checkReloadedLabels, serverConfigToModels } from "../../config/index.ts";
import { type LoadFailure, type ModelName, modelName, notAvailable } from "../../core/index.ts";
import type { ReloadConfigRequest } from "../../protos/index.ts";
import { type Manager, versionReports } from "../lifecycle/index.ts";

export interface ReloadRules {
  /** Tags of the MetaGraph to serve: a model list doesn't name them. */
  readonly tags: readonly string[];
  /** `--allow_version_labels_for_unavailable_models`. */
  readonly allowLabelsForUnavailable: boolean;
}

/**
 * Replaces the set of models by that of the request and waits until every new one answers. Everything is checked before
 * anything is changed. Order, rules and words are those of `model_servers/server_core.cc`; but where that waits without
 * an end (an empty folder, retries of a load), a new model whose first loads have all failed is an error at once.
 */
export async function reload(
  manager: Manager,
  request: ReloadConfigRequest,
  rules: ReloadRules,
  signal: AbortSignal | undefined,
): Promise<void> {
  const isServed = (name: string): boolean => manager.models.get(modelName(name))?.wanted === true;
  const wanted = serverConfigToModels(request.config, isServed).map((model) => ({
    ...model,
    tags: rules.tags,
    mergeProof: undefined,
  }));
  for (const model of wanted) {
    const served = manager.models.get(model.name);
    checkReloadedLabels(model, {
      isAvailable: (version) => served?.versions.available.some((it) => it.version === version) === true,
      inUse: (label) => served?.labels.get(label),
      allowUnavailable: rules.allowLabelsForUnavailable,
    });
  }
  const added = wanted.filter(({ name }) => !isServed(name)).map(({ name }) => name);
  manager.apply(wanted);
  await manager.until(() => added.every((name) => isDecided(manager, name)), signal);
  const missing = added.filter((name) => !isAvailable(manager, name));
  if (missing.length > 0) throw notAvailable(missing.map((name) => ({ name, ...whyNot(manager, name) })));
}

function isAvailable(manager: Manager, name: ModelName): boolean {
  return (manager.models.get(name)?.versions.available.length ?? 0) > 0;
}

/** It answers, or nothing that was tried has come to answer, or another set has taken it out meanwhile. */
function isDecided(manager: Manager, name: ModelName): boolean {
  const model = manager.models.get(name);
  return model === undefined || !model.wanted || isAvailable(manager, name) || model.settled;
}

function whyNot(manager: Manager, name: ModelName): Omit<LoadFailure, "name"> {
  const model = manager.models.get(name);
  if (model === undefined || !model.wanted)
    return { code: "NOT_FOUND", message: "it is no longer in the set of models" };
  const failed = versionReports(model).find(({ wanted, failedLoads }) => wanted && failedLoads > 0)?.status;
  if (failed !== undefined && failed.code !== "OK") return { ...failed, code: failed.code };
  return { code: "NOT_FOUND", message: model.problem || "its base path holds no version" };
}
