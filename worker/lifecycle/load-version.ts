import { InferenceError } from "../../core/index.ts";
import type { FloatTolerance } from "../../tensor/index.ts";
import type { Engine, LoadedModel } from "../engine/index.ts";
import { folderStamp } from "./folder-stamp.ts";
import type { MemoryLedger } from "./memory-ledger.ts";
import { type MergeProof, type Prove, timedProof } from "./merge-proof.ts";
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
  /** What a version's folder says of how its calls are joined; a rejection fails the load. */
  readonly batchingFile: (directory: string) => Promise<string>;
  readonly prove: Prove;
}

export interface Loaded {
  readonly times: LoadTimes;
  readonly batchingFile: string;
  readonly model: LoadedModel;
  readonly proof: MergeProof | undefined;
  /** The memory that it is estimated to take; the caller gives it back after closing the model. */
  readonly reserved: Disposable;
}

export interface LoadHooks {
  /** Called when its turn has come. */
  readonly begun: () => void;
  /** Asked once it is warm; undefined: its calls are not to be merged. */
  readonly proveWithin: () => FloatTolerance | undefined;
}

/**
 * Waits for a slot, then estimates, reserves, loads and warms up one version, and tries whether its calls may be merged.
 * Answers undefined when the version is no longer wanted by then. Whatever fails leaves nothing behind.
 */
export async function loadVersion(
  parts: LoadParts,
  it: Servable,
  { begun, proveWithin }: LoadHooks,
): Promise<Loaded | undefined> {
  using _slot = await parts.slots.take();
  if (!it.wanted) return undefined;
  begun();
  it.stamp = await folderStamp(it.directory);
  const batchingFile = await parts.batchingFile(it.directory);
  it.estimatedBytes = await parts.engine.estimateBytes(it.directory);
  const reserved = parts.ledger.reserve(it.estimatedBytes, `version ${it.version} of model ${it.name}`);
  try {
    const startedMs = performance.now();
    const model = await parts.engine.load(it.directory, { tags: it.tags });
    const loadedMs = performance.now();
    let warmUpRecords: number;
    let warmedMs: number;
    let proof: MergeProof | undefined;
    try {
      const fresh = { directory: it.directory, model };
      warmUpRecords = await parts.warmUp(fresh);
      warmedMs = performance.now();
      const within = proveWithin();
      if (within !== undefined) proof = await timedProof(parts.prove, fresh, within, () => !it.wanted);
    } catch (thrown) {
      await model.close();
      throw thrown;
    }
    const times = { loadMs: loadedMs - startedMs, warmUpMs: warmedMs - loadedMs, warmUpRecords };
    return { model, reserved, times, batchingFile, proof };
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
