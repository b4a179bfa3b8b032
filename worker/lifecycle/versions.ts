import { isDeepStrictEqual } from "node:util";
import type { InferenceError, Logger, ModelName, Version, VersionStatus } from "../../core/index.ts";
import type { FloatTolerance } from "../../tensor/index.ts";
import { folderStamp } from "./folder-stamp.ts";
import { type LoadParts, loadError, loadVersion } from "./load-version.ts";
import { type MergeProof, proofFacts } from "./merge-proof.ts";
import { nextAction } from "./policy.ts";
import { proveAnew } from "./prove-anew.ts";
import type { FoundVersion } from "./scan.ts";
import { type Handle, Servable } from "./servable.ts";

export interface VersionParts extends LoadParts {
  readonly retries: number;
  readonly retryIntervalMs: number;
  readonly log: Logger;
  /** Called after every change that shows outside. */
  readonly changed: () => void;
}

/** How many versions that have come to their end a status answer still lists; TensorFlow Serving's list only grows. */
const KEPT_ENDED = 20;

/** The versions of one model: asks `policy.ts` what to do next, and does it. */
export class Versions {
  readonly #name: ModelName;
  readonly #parts: VersionParts;
  #servables: readonly Servable[] = [];
  #ended: readonly VersionStatus[];
  /** Highest first; rebuilt at each change so that a request only looks up. */
  #available: readonly Servable[] = [];
  #proveWithin: FloatTolerance | undefined;

  /** `ended`: versions that an earlier model of this name has had. */
  constructor(name: ModelName, parts: VersionParts, ended: readonly VersionStatus[]) {
    this.#name = name;
    this.#parts = parts;
    this.#ended = ended;
  }

  get servables(): readonly Servable[] {
    return this.#servables;
  }

  get available(): readonly Servable[] {
    return this.#available;
  }

  /** The latest versions that have come to their end, with no servable of the same number since. */
  get ended(): readonly VersionStatus[] {
    return this.#ended.filter(({ version }) => !this.#servables.some((it) => it.version === version));
  }

  /** Every wanted version answers or has failed its first load. */
  get settled(): boolean {
    return this.#servables.every(({ wanted, is, failedLoads }) => !wanted || is === "available" || failedLoads > 0);
  }

  acquireLatest(): Handle | undefined {
    return this.#available[0]?.acquire();
  }

  acquireVersion(version: Version): Handle | undefined {
    for (const it of this.#available) if (it.version === version) return it.acquire();
    for (const it of this.#servables) {
      const handle = it.version === version ? it.acquire() : undefined;
      if (handle !== undefined) return handle;
    }
    return undefined;
  }

  /** Tries those again that memory was refused to, as far as they would fit now. */
  memoryFreed(): void {
    for (const it of this.#servables) {
      const { phase } = it;
      if (phase.is !== "waiting" || phase.on !== "memory" || !this.#parts.ledger.fits(it.estimatedBytes)) continue;
      it.phase = { is: "new" };
    }
    this.#step();
  }

  /** Sets what is wanted, loaded with `tags`, and begins to move there; answers whether that is news. */
  aspire(found: readonly FoundVersion[], tags: readonly string[]): boolean {
    const wanted = new Set<Servable>();
    const added: Servable[] = [];
    for (const { version, directory } of found) {
      const known = this.#servables.find(
        (it) =>
          it.version === version &&
          it.directory === directory &&
          it.is !== "unloading" &&
          isDeepStrictEqual(it.tags, tags),
      );
      if (known === undefined) added.push(new Servable(this.#name, version, directory, tags));
      else wanted.add(known);
    }
    let changed = added.length > 0;
    for (const it of this.#servables) {
      if (it.wanted !== wanted.has(it)) changed = true;
      it.wanted = wanted.has(it);
    }
    this.#servables = [...this.#servables, ...added];
    this.#step();
    return changed;
  }

  /** Sets within which tolerance merging is to be proven, if at all; versions that answer keep doing so meanwhile. */
  proveWithin(tolerance: FloatTolerance | undefined): void {
    this.#proveWithin = tolerance;
    for (const it of this.#servables) void this.#proveAnew(it);
  }

  /** A folder whose copy was still going on when its load failed deserves another try as soon as it has changed. */
  async retryWhereFolderChanged(): Promise<void> {
    for (const it of this.#servables) {
      if (!isRetried(it)) continue;
      const stamp = await folderStamp(it.directory);
      if (stamp === it.stamp || !isRetried(it)) continue;
      it.retries = 0;
      this.#tryAgain(it);
    }
  }

  #tryAgain(it: Servable): void {
    clearTimeout(it.retryTimer);
    it.phase = { is: "new" };
    this.#step();
  }

  #step(): void {
    for (;;) {
      const action = nextAction(this.#servables);
      if (action === undefined) return;
      const { it } = action;
      switch (action.do) {
        case "load":
          it.phase = { is: "loading", queued: true };
          void this.#load(it);
          break;
        case "unload":
          void this.#unload(it);
          break;
        case "drop":
          clearTimeout(it.retryTimer);
          this.#end(it);
          break;
      }
    }
  }

  async #load(it: Servable): Promise<void> {
    const startedMs = performance.now();
    try {
      const loaded = await loadVersion(this.#parts, it, {
        begun: () => {
          it.phase = { is: "loading", queued: false };
          this.#parts.changed();
        },
        proveWithin: () => this.#proveWithin,
      });
      if (loaded === undefined) {
        it.phase = { is: "new" };
      } else {
        it.phase = { is: "available", ...loaded };
        it.failedLoads = 0;
        it.retries = 0;
        it.error = undefined;
        this.#refresh();
        const tookMs = Math.round(performance.now() - startedMs);
        this.#parts.log.info({ version: String(it.version), path: it.directory, tookMs }, "version is available");
        if (loaded.proof !== undefined) this.#logProof(it, loaded.proof);
        void this.#proveAnew(it);
      }
    } catch (thrown) {
      this.#failed(it, loadError(thrown));
    }
    this.#parts.changed();
    this.#step();
  }

  async #proveAnew(it: Servable): Promise<void> {
    if (!(await proveAnew(this.#parts, it, () => this.#proveWithin))) return;
    if (it.phase.is === "available" && it.phase.proof !== undefined) this.#logProof(it, it.phase.proof);
    this.#parts.changed();
  }

  #logProof(it: Servable, proof: MergeProof): void {
    this.#parts.log.info({ version: String(it.version), ...proofFacts(proof) }, "merging is examined");
  }

  #failed(it: Servable, error: InferenceError): void {
    const { retries, retryIntervalMs, ledger } = this.#parts;
    it.error = error;
    it.failedLoads++;
    if (error.code === "RESOURCE_EXHAUSTED" && !ledger.fits(it.estimatedBytes)) {
      it.phase = { is: "waiting", on: "memory" };
    } else if (it.retries < retries) {
      it.retries++;
      it.phase = { is: "waiting", on: "time" };
      it.retryTimer = setTimeout(() => this.#tryAgain(it), retryIntervalMs);
    } else {
      it.phase = { is: "failed" };
    }
    this.#parts.log.error(
      { version: String(it.version), path: it.directory, code: error.code, reason: error.message, cause: error.cause },
      it.phase.is === "failed" ? "version failed to load" : "version failed to load, will be tried again",
    );
  }

  /** Announced first, closed to new users after, freed when the last user is done. */
  async #unload(it: Servable): Promise<void> {
    if (it.phase.is !== "available") return;
    const { model, reserved } = it.phase;
    it.phase = { is: "unloading", model, closed: false };
    this.#refresh();
    this.#parts.changed();
    await new Promise((resolve) => setImmediate(resolve));
    it.phase = { is: "unloading", model, closed: true };
    await it.unused();
    try {
      await model.close();
    } catch (thrown) {
      this.#parts.log.error({ version: String(it.version), err: thrown }, "version could not be freed");
    }
    this.#parts.log.info({ version: String(it.version) }, "version is unloaded");
    this.#end(it);
    reserved[Symbol.dispose]();
    this.#parts.changed();
    this.#step();
  }

  #end(it: Servable): void {
    const hasRun = it.is === "unloading" || it.failedLoads > 0;
    it.phase = { is: "ended" };
    this.#servables = this.#servables.filter((other) => other !== it);
    if (!hasRun) return;
    const others = this.#ended.filter(({ version }) => version !== it.version);
    this.#ended = [it.status(), ...others].slice(0, KEPT_ENDED);
  }

  #refresh(): void {
    this.#available = this.#servables
      .filter(({ is }) => is === "available")
      // Of two with one number (the base path has changed) the wanted one is picked.
      .sort((a, b) => (a.version === b.version ? Number(b.wanted) - Number(a.wanted) : a.version < b.version ? 1 : -1));
  }
}

/** A load has failed for a reason that its folder may explain. */
function isRetried({ phase, wanted }: Servable): boolean {
  return wanted && (phase.is === "failed" || (phase.is === "waiting" && phase.on === "time"));
}
