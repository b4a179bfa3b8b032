import { InferenceError } from "../../core/index.ts";
import type { Engine, LoadedModel } from "../engine/index.ts";
import { folderStamp } from "./folder-stamp.ts";
import type { MemoryLedger } from "./memory-ledger.ts";
import type { Servable } from "./servable.ts";
import type { Slots } from "./slots.ts";

/** Makes a fresh model ready, before it is announced; a rejection fails the load. Answers how many records it has replayed. */
export type WarmUp = (servable: { readonly directory: string; readonly model: LoadedModel }) => Promise<number>;

/** How long a load took. */
export interface LoadTimes {
  readonly loadMs: number;
  readonly warmUpMs: number;
  readonly warmUpRecords: number;
}

export interface LoadParts {
  readonly engine: Engine;
  readonly slots: Slots;
  readonly ledger: MemoryLedger;
  readonly warmUp: WarmUp;
}

export interface Loaded {
  readonly times: LoadTimes;
  readonly model: LoadedModel;
  /** The memory that it is estimated to take; the caller gives it back after closing the model. */
  readonly reserved: Disposable;
}

/**
 * Waits for a slot, then estimates, reserves, loads and warms up one version; `begun` is called when its turn has come.
 * Answers undefined when the version is no longer wanted by then. Whatever fails leaves nothing behind.
 */
export async function loadVersion(parts: LoadParts, it: Servable, begun: () => void): Promise<Loaded | undefined> {
  using _slot = await parts.slots.take();
  if (!it.wanted) return undefined;
  begun();
  it.stamp = await folderStamp(it.directory);
  it.estimatedBytes = await parts.engine.estimateBytes(it.directory);
  const reserved = parts.ledger.reserve(it.estimatedBytes, `version ${it.version} of model ${it.name}`);
  try {
    const startedMs = performance.now();
    const model = await parts.engine.load(it.directory, { tags: it.tags });
    const loadedMs = performance.now();
    let warmUpRecords: number;
    try {
      warmUpRecords = await parts.warmUp({ directory: it.directory, model });
    } catch (thrown) {
      await model.close();
      throw thrown;
    }
    const times = { loadMs: loadedMs - startedMs, warmUpMs: performance.now() - loadedMs, warmUpRecords };
    return { model, reserved, times };
  } catch (thrown) {
    reserved[Symbol.dispose]();
    throw thrown;
  }
}

/** A failed load in words for a status answer. What a loader throws is about the model's files, so its text is shown. */
export function loadError(thrown: unknown): InferenceError {
  if (thrown instanceof InferenceError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new InferenceError("UNKNOWN", message, { origin: "worker", cause: thrown });
}
