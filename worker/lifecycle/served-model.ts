import { isDeepStrictEqual } from "node:util";
import type { PollPolicy } from "../../config/index.ts";
import type { ModelName, Version, VersionStatus } from "../../core/index.ts";
import type { Scan } from "./scan.ts";
import { startSource } from "./source.ts";
import { type VersionParts, Versions } from "./versions.ts";
import type { WantedModel } from "./wanted-model.ts";

export interface ModelParts extends VersionParts {
  readonly poll: PollPolicy;
}

/** One model: what is wanted of it, and what its source says of that. */
export class ServedModel {
  readonly versions: Versions;
  /** The base path has been looked at since it was set. */
  discovered = false;
  /** What is wrong with the model as a whole; "" when nothing is. */
  problem = "";
  readonly #parts: ModelParts;
  #config: WantedModel | undefined;
  #source: { close(): void } | undefined;
  #notes: readonly string[] = [];

  constructor(name: ModelName, parts: ModelParts, ended: readonly VersionStatus[]) {
    this.#parts = parts;
    this.versions = new Versions(name, parts, ended);
  }

  get labels(): ReadonlyMap<string, Version> {
    return this.#config?.labels ?? new Map<string, Version>();
  }

  get wanted(): boolean {
    return this.#config !== undefined;
  }

  /** No longer wanted, and nothing is held any more. */
  get gone(): boolean {
    return this.#config === undefined && this.versions.servables.length === 0;
  }

  /** Looked at, and every wanted version answers or has failed its first load. */
  get settled(): boolean {
    return this.discovered && this.versions.settled;
  }

  /** Takes over what is wanted; looks at the base path at once if that or the policy has changed. */
  apply(config: WantedModel): void {
    const before = this.#config;
    this.#config = config;
    this.versions.proveWithin(config.mergeProof);
    const same =
      before !== undefined &&
      before.path === config.path &&
      isDeepStrictEqual([before.versions, before.tags], [config.versions, config.tags]);
    if (!same) {
      this.#source?.close();
      this.discovered = false;
      this.problem = "";
      this.#source = startSource({
        basePath: config.path,
        policy: config.versions,
        poll: this.#parts.poll,
        onScan: (scan) => this.#onScan(scan),
      });
    }
    this.#parts.changed();
  }

  /** Unloads every version, each once nobody uses it. */
  remove(): void {
    this.#config = undefined;
    this.#source?.close();
    this.#source = undefined;
    this.versions.aspire([], []);
    this.#parts.changed();
  }

  #onScan(scan: Scan): void {
    const before = { discovered: this.discovered, problem: this.problem };
    this.discovered = true;
    this.problem = scan.is === "unreadable" ? scan.problem : "";
    let changed = !isDeepStrictEqual(before, { discovered: true, problem: this.problem });
    if (scan.is === "unreadable") {
      if (changed) this.#parts.log.error(scan.problem);
    } else {
      const notes = scan.notes.filter((note) => !this.#notes.includes(note));
      for (const note of notes) this.#parts.log.warn(note);
      this.#notes = scan.notes;
      changed = this.versions.aspire(scan.wanted, this.#config?.tags ?? []) || changed;
      void this.versions.retryWhereFolderChanged();
    }
    if (changed) this.#parts.changed();
  }
}
