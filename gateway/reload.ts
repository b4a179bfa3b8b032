import { type Config, checkReloadedLabels, type ModelConfig, serverConfigToModels } from "../config/index.ts";
import { type CallSignal, NO_DEADLINE, notAvailable } from "../core/index.ts";
import type { ReloadConfigRequest } from "../protos/index.ts";
import type { Control } from "./control/index.ts";
import { unlessEnded } from "./ended.ts";
import type { Pools } from "./upstream/index.ts";

export interface ReloadParts {
  readonly config: () => Config;
  readonly control: Control;
  readonly pools: Pools;
  /** Aborted when the client gives up; what was applied stays. */
  readonly signal: CallSignal;
}

/**
 * `ModelService.HandleReloadConfigRequest` for the whole gateway: replaces its models, and those of all workers, and waits
 * until each new one answers. Everything is checked before anything is changed; rules and words are those of
 * `model_servers/server_core.cc`. The file on disk stays as it is, and its next change replaces this again.
 */
export async function reloadModels(request: ReloadConfigRequest, parts: ReloadParts): Promise<void> {
  const { pools, signal } = parts;
  const config = parts.config();
  const known = new Map<string, ModelConfig>(config.models.map((model) => [model.name, model]));
  const listed = serverConfigToModels(request.config, (name) => known.has(name));
  const models = listed.map((model) => withOwnSettings(model, known.get(model.name)));
  for (const model of models) {
    checkReloadedLabels(model, {
      isAvailable: (version) => pools.registry.servable(model.name, version) !== undefined,
      inUse: (label) => known.get(model.name)?.labels.get(label),
      allowUnavailable: config.workers.allowVersionLabelsForUnavailable,
    });
  }

  const added = models.filter(({ name }) => !known.has(name));
  const taken = parts.control.replaceModels(
    models,
    added.map(({ name }) => name),
  );
  // The signal ends only the wait.
  await unlessEnded(taken, { deadline: NO_DEADLINE, signal });

  const absent = added.filter(({ name }) => pools.registry.latest(name) === undefined);
  if (absent.length > 0) throw notAvailable(absent.map(({ name }) => ({ name, ...pools.registry.failure(name) })));
}

/** What the message has no word for stays as it was. */
function withOwnSettings(model: ModelConfig, before: ModelConfig | undefined): ModelConfig {
  if (before === undefined) return model;
  const { pool, tags, retry, batching } = before;
  return { ...model, pool, tags, retry, batching };
}
