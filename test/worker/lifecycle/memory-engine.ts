import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceError } from "../../../core/index.ts";
import type { Engine, LoadedModel } from "../../../worker/engine/index.ts";

/**
 * An engine without graphs, for tests of state transitions alone: whether a load ends, and when, is in the test's hand.
 * What is loaded and run for real is covered by the specs that use TensorFlow.
 */
export class MemoryEngine implements Engine {
  readonly description = "memory";
  /** What has been done, in order: `load m/1`, `close m/1`. */
  readonly log: string[] = [];
  bytesEach = 100;
  #holds = new Map<string, Promise<void>>();

  /** Loads of `what` (`m/1`) wait until the answered function is called. */
  hold(what: string): () => void {
    let release: (() => void) | undefined;
    this.#holds.set(what, new Promise((resolve) => (release = resolve)));
    return () => release?.();
  }

  async estimateBytes(): Promise<number> {
    return this.bytesEach;
  }

  /** Fails unless the folder's `saved_model.pb` says "good". */
  async load(directory: string): Promise<LoadedModel> {
    const what = directory.split("/").slice(-2).join("/");
    this.log.push(`load ${what}`);
    await this.#holds.get(what);
    const content = await readFile(join(directory, "saved_model.pb"), "utf8").catch(() => "");
    if (content !== "good")
      throw new InferenceError("NOT_FOUND", `no good SavedModel in ${what}`, { origin: "worker" });
    return {
      signatures: new Map(),
      effects: new Map(),
      signatureDefMap: Buffer.from(what),
      run: () => [],
      close: async () => {
        this.log.push(`close ${what}`);
      },
    };
  }

  async close(): Promise<void> {}
}
