import { type Config, LOCAL_POOL, type ModelConfig } from "../config/index.ts";
import type { ModelName } from "../core/index.ts";
import { modelsByPool } from "../gateway/index.ts";
import { type FoundVersion, type Scan, scanBasePath } from "../worker/lifecycle/index.ts";

/** What lies at a model's path. */
export interface DiskLook {
  readonly model: ModelConfig;
  /** Every version there is; undefined when the path cannot be read. */
  readonly found: readonly FoundVersion[] | undefined;
  /** Those that its policy asks for, ascending. */
  readonly wanted: readonly FoundVersion[];
  readonly problem?: string;
}

/** Paths looked at once at a time: a network mount answers many as fast as one. */
const AT_ONCE = 32;

/** Looks at the paths of the models that this machine's workers load; the others are not in the answer. */
export async function lookAtDisk(config: Config): Promise<ReadonlyMap<ModelName, DiskLook>> {
  const looks = new Map<ModelName, DiskLook>();
  const waiting = localModels(config).values();
  const lookOn = async (): Promise<void> => {
    for (const model of waiting) looks.set(model.name, await lookAt(model));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lookOn));
  return looks;
}

/** Workers on other machines load from their own disks. */
function localModels(config: Config): readonly ModelConfig[] {
  if (config.workers.endpoints.length > 0) return [];
  return modelsByPool(config).get(LOCAL_POOL)?.all ?? [];
}

async function lookAt(model: ModelConfig): Promise<DiskLook> {
  const [all, chosen] = await Promise.all([
    scanBasePath(model.path, { by: "all" }),
    scanBasePath(model.path, model.versions),
  ]);
  if (all.is === "unreadable") return { model, found: undefined, wanted: [], problem: all.problem };
  return { model, found: all.wanted, wanted: wantedOf(chosen) };
}

function wantedOf(scan: Scan): readonly FoundVersion[] {
  return scan.is === "found" ? scan.wanted : [];
}
