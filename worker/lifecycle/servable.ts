import type { InferenceError, ModelName, ServableState, Version, VersionStatus } from "../../core/index.ts";
import type { LoadedModel } from "../engine/index.ts";
import type { LoadTimes } from "./load-version.ts";
import type { MergeProof } from "./merge-proof.ts";

/** How far a version has come, inside. Outwardly: {@link Servable.status}. */
export type Phase =
  | { readonly is: "new" }
  /** `queued` until a load slot is free. */
  | { readonly is: "loading"; readonly queued: boolean }
  | {
      readonly is: "available";
      readonly model: LoadedModel;
      readonly reserved: Disposable;
      readonly times: LoadTimes;
      readonly batchingFile: string;
      /** Undefined until it is asked for. */
      readonly proof: MergeProof | undefined;
    }
  /** A load has failed; it is tried again when the time has come, or when memory has been freed. */
  | { readonly is: "waiting"; readonly on: "time" | "memory" }
  /** The last try has failed; only a change of the folder brings another. */
  | { readonly is: "failed" }
  /** Still to be had by its number until `closed`: who has not heard yet of the unload is not turned away. */
  | { readonly is: "unloading"; readonly model: LoadedModel; readonly closed: boolean }
  | { readonly is: "ended" };

/** A version in use: it is not freed before the handle is disposed. */
export interface Handle extends Disposable {
  readonly name: ModelName;
  readonly version: Version;
  readonly model: LoadedModel;
}

/**
 * One version of one model, from its discovery to its end. The manager moves it from phase to phase; users hold handles,
 * which are counted, and an unload waits until there are none.
 */
export class Servable {
  readonly name: ModelName;
  readonly version: Version;
  readonly directory: string;
  readonly tags: readonly string[];
  /** The source asks for it. */
  wanted = true;
  phase: Phase = { is: "new" };
  /** Tries that have failed in a row. */
  failedLoads = 0;
  /** Why the last try failed; undefined once one has succeeded. */
  error: InferenceError | undefined;
  /** What the folder looked like when the last load began (`folderStamp`). */
  stamp = "";
  /** By the engine's estimate, once that was asked for. */
  estimatedBytes = 0;
  /** Tries again after a failure, not counting those that waited for memory. */
  retries = 0;
  retryTimer: NodeJS.Timeout | undefined;
  #users = 0;
  #onUnused: (() => void) | undefined;

  constructor(name: ModelName, version: Version, directory: string, tags: readonly string[]) {
    this.name = name;
    this.version = version;
    this.directory = directory;
    this.tags = tags;
  }

  get is(): Phase["is"] {
    return this.phase.is;
  }

  get users(): number {
    return this.#users;
  }

  /** Undefined unless the version is there to be used. The caller disposes the handle. */
  acquire(): Handle | undefined {
    const { phase } = this;
    if (phase.is !== "available" && !(phase.is === "unloading" && !phase.closed)) return undefined;
    this.#users++;
    let held = true;
    return {
      name: this.name,
      version: this.version,
      model: phase.model,
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#users--;
        if (this.#users === 0) this.#onUnused?.();
      },
    };
  }

  /** Resolves when nobody holds the version. Only for one that can't be acquired any more. */
  unused(): Promise<void> {
    if (this.#users === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onUnused = resolve;
    });
  }

  /** As `ModelVersionStatus` tells it. A version whose last load has failed is at its END until it is tried again. */
  status(): VersionStatus {
    const state = outwardState(this.phase);
    const error = state === "END" || state === "LOADING" || state === "START" ? this.error : undefined;
    return { version: this.version, state, code: error?.code ?? "OK", message: error?.message ?? "" };
  }
}

function outwardState(phase: Phase): ServableState {
  switch (phase.is) {
    case "new":
      return "START";
    case "loading":
      return phase.queued ? "START" : "LOADING";
    case "available":
      return "AVAILABLE";
    case "waiting":
    case "failed":
    case "ended":
      return "END";
    case "unloading":
      return "UNLOADING";
  }
}
