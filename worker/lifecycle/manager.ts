import type { LoadConfig } from "../../config/index.ts";
import {
  describeChoice,
  InferenceError,
  type Logger,
  type ModelName,
  type VersionChoice,
  type VersionStatus,
} from "../../core/index.ts";
import type { Engine } from "../engine/index.ts";
import type { LoadParts, WarmUp } from "./load-version.ts";
import { MemoryLedger } from "./memory-ledger.ts";
import type { Prove } from "./merge-proof.ts";
import type { Handle } from "./servable.ts";
import { type ModelParts, ServedModel } from "./served-model.ts";
import { Slots } from "./slots.ts";
import type { WantedModel } from "./wanted-model.ts";

export interface ManagerOptions {
  readonly engine: Engine;
  readonly load: Pick<LoadConfig, "poll" | "retries" | "retryIntervalMs" | "threads">;
  /** Undefined: not bounded. */
  readonly memoryBudgetBytes: number | undefined;
  readonly warmUp: WarmUp;
  readonly batchingFile: LoadParts["batchingFile"];
  readonly prove: Prove;
  readonly log: Logger;
}

export type ChangeListener = (name: ModelName) => void;

/** How many models that are gone a status answer still knows. */
const KEPT_MODELS = 1000;

/**
 * Keeps loaded what is wanted. Each model goes its own way: a missing path, a bad model or a bad version holds back no
 * other. Whoever creates the manager closes it; the engine stays the creator's.
 */
export class Manager {
  readonly #options: ManagerOptions;
  readonly #models = new Map<ModelName, ServedModel>();
  readonly #listeners = new Set<ChangeListener>();
  readonly #ledger: MemoryLedger;
  readonly #slots: Slots;
  readonly #ended = new Map<ModelName, readonly VersionStatus[]>();

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#slots = new Slots(options.load.threads);
    this.#ledger = new MemoryLedger(options.memoryBudgetBytes, () => {
      for (const model of this.#models.values()) model.versions.memoryFreed();
    });
  }

  /** What the loaded versions are estimated to take together. */
  get estimatedBytes(): number {
    return this.#ledger.usedBytes;
  }

  /** Every model that is wanted or still holds a version. */
  get models(): ReadonlyMap<ModelName, ServedModel> {
    return this.#models;
  }

  /** The last versions of a model that is gone, as a status answer still lists them. */
  endedOf(name: ModelName): readonly VersionStatus[] {
    return this.#ended.get(name) ?? [];
  }

  /** Replaces the set of wanted models and answers at once; loading and unloading go on behind. */
  apply(wanted: readonly WantedModel[]): void {
    const names = new Set(wanted.map(({ name }) => name));
    for (const [name, model] of this.#models) if (!names.has(name) && model.wanted) model.remove();
    for (const config of wanted) {
      let model = this.#models.get(config.name);
      if (model === undefined) {
        model = this.#create(config.name);
        this.#models.set(config.name, model);
      }
      model.apply(config);
    }
  }

  /**
   * A handle on the version that is asked for; the caller disposes it. NOT_FOUND when that is not available,
   * INVALID_ARGUMENT for a label that the model doesn't have. The words are TensorFlow Serving's.
   */
  acquire(name: ModelName, choice: VersionChoice): Handle {
    const model = this.#models.get(name);
    let resolved = choice;
    if (choice.by === "label") {
      const version = model?.labels.get(choice.label);
      if (version === undefined) {
        throw new InferenceError("INVALID_ARGUMENT", `Unrecognized servable version label: ${choice.label}`);
      }
      resolved = { by: "version", version };
    }
    const handle =
      resolved.by === "version" ? model?.versions.acquireVersion(resolved.version) : model?.versions.acquireLatest();
    if (handle !== undefined) return handle;
    throw new InferenceError("NOT_FOUND", `Servable not found for request: ${describeChoice(name, resolved)}`);
  }

  /** Calls back after every change of a model, in the same turn. A version can be acquired by then, and until it was announced that it can't. */
  onChange(listener: ChangeListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Resolves once the condition holds, looked at now and after every change; rejects with the signal's reason. */
  async until(condition: () => boolean, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (condition()) return;
    const { promise, resolve, reject } = deferred();
    using _listening = this.onChange(() => condition() && resolve());
    const aborted = (): void => reject(signal?.reason as Error);
    signal?.addEventListener("abort", aborted);
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", aborted);
    }
  }

  /** Every wanted version answers or has failed its first load; no model's path is still to be looked at. */
  get settled(): boolean {
    return [...this.#models.values()].every((model) => !model.wanted || model.settled);
  }

  /** Unloads everything; answers whether all was free of users and freed before the signal was aborted. */
  async close(signal?: AbortSignal): Promise<boolean> {
    this.apply([]);
    try {
      await this.until(() => this.#models.size === 0, signal);
      return true;
    } catch {
      return false;
    }
  }

  #create(name: ModelName): ServedModel {
    const { engine, load, warmUp, batchingFile, prove, log } = this.#options;
    const parts: ModelParts = {
      engine,
      slots: this.#slots,
      ledger: this.#ledger,
      warmUp,
      batchingFile,
      prove,
      poll: load.poll,
      retries: load.retries,
      retryIntervalMs: load.retryIntervalMs,
      log: log.child({ model: name }),
      changed: () => {
        if (model.gone && this.#models.get(name) === model) this.#forget(name, model);
        for (const listener of this.#listeners) listener(name);
      },
    };
    const model: ServedModel = new ServedModel(name, parts, this.endedOf(name));
    this.#ended.delete(name);
    return model;
  }

  #forget(name: ModelName, { versions }: ServedModel): void {
    this.#models.delete(name);
    if (versions.ended.length === 0) return;
    this.#ended.set(name, versions.ended);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > KEPT_MODELS && oldest !== undefined) this.#ended.delete(oldest);
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (reason: Error) => void } {
  let resolve!: () => void;
  let reject!: (reason: Error) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
