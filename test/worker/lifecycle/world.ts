import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelConfig } from "../../../config/index.ts";
import { type ModelName, modelName, silentLogger, version } from "../../../core/index.ts";
import { Manager, type ManagerOptions, versionStatuses, type WantedModel } from "../../../worker/lifecycle/index.ts";
import { MemoryEngine } from "./memory-engine.ts";

/** A manager over a {@link MemoryEngine} and a folder of models; `close` ends and removes all of it. */
export interface World {
  readonly engine: MemoryEngine;
  readonly manager: Manager;
  readonly root: string;
  /** Puts a version folder in place at once, as a careful deployment does. */
  put(what: string, content?: string): Promise<void>;
  remove(what: string): Promise<void>;
  wanted(name: string, more?: Partial<Pick<WantedModel, "versions" | "labels" | "path" | "mergeProof">>): WantedModel;
  /** `1 AVAILABLE`, descending; "" for a model that is not known. */
  states(name: string): string;
  /** Resolves once the model's states are these. */
  becomes(name: string, states: string): Promise<void>;
  close(): Promise<void>;
}

export async function createWorld(
  options: Partial<Omit<ManagerOptions, "load">> & { readonly load?: Partial<ManagerOptions["load"]> } = {},
): Promise<World> {
  const root = await mkdtemp(join(tmpdir(), "tensorgate-manager-"));
  const engine = new MemoryEngine();
  const manager = new Manager({
    engine,
    memoryBudgetBytes: undefined,
    warmUp: async () => 0,
    batchingFile: async () => "",
    prove: async () => new Map(),
    log: silentLogger,
    ...options,
    load: { poll: { by: "interval", everyMs: 10 }, retries: 0, retryIntervalMs: 1, threads: 4, ...options.load },
  });
  const world: World = {
    engine,
    manager,
    root,
    async put(what, content = "good") {
      const scratch = await mkdtemp(join(root, "scratch-"));
      await writeFile(join(scratch, "saved_model.pb"), content);
      await mkdir(join(root, what, ".."), { recursive: true });
      await rename(scratch, join(root, what));
    },
    remove: (what) => rm(join(root, what), { recursive: true }),
    wanted: (name, more = {}) => ({
      name: modelName(name),
      path: join(root, name),
      versions: { by: "latest", count: 1 },
      labels: new Map(),
      tags: ["serve"],
      mergeProof: undefined,
      ...more,
    }),
    states(name) {
      const model = manager.models.get(modelName(name));
      if (model === undefined) return "";
      return statesOf(manager, modelName(name));
    },
    async becomes(name, states) {
      const seen = (): boolean => world.states(name) === states;
      await manager.until(seen, AbortSignal.timeout(5_000)).catch(() => {
        throw new Error(`${name} has states ${JSON.stringify(world.states(name))}, wanted ${JSON.stringify(states)}`);
      });
    },
    async close() {
      await manager.close(AbortSignal.timeout(2_000));
      await rm(root, { recursive: true, force: true });
    },
  };
  return world;
}

function statesOf(manager: Manager, name: ModelName): string {
  try {
    return versionStatuses(manager, name)
      .map(({ version, state }) => `${version} ${state}`)
      .join(", ");
  } catch {
    return "none";
  }
}

export const specific = (...versions: number[]): Pick<ModelConfig, "versions"> => ({
  versions: { by: "specific", versions: versions.map((number) => version(number)) },
});
