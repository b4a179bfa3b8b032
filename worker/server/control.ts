import type { handleServerStreamingCall } from "@grpc/grpc-js";
import { InferenceError, type ModelName } from "../../core/index.ts";
import type {
  ApplyModelsRequest,
  ApplyModelsResponse,
  ModelReport,
  VersionReport as VersionMessage,
  WatchRequest,
  WatchResponse,
} from "../../protos/index.ts";
import { endedReports, type Manager, type VersionReport, versionReports } from "../lifecycle/index.ts";
import { modelsOfMessages } from "./wanted-models.ts";

/** `tensorgate.v1.WorkerControl`: what a gateway wants served, and what it hears of it. */
export class Control {
  readonly #manager: Manager;
  readonly #tags: readonly string[];
  readonly #watchers = new Set<Watcher>();
  #generation = 0n;

  constructor(manager: Manager, tags: readonly string[]) {
    this.#manager = manager;
    this.#tags = tags;
  }

  apply({ models, generation }: ApplyModelsRequest): ApplyModelsResponse {
    const asked = BigInt(generation);
    if (asked < this.#generation) {
      const message = `generation ${asked} of the model set is older than generation ${this.#generation}, which is in force`;
      throw new InferenceError("FAILED_PRECONDITION", message);
    }
    const wanted = modelsOfMessages(models, this.#tags);
    this.#generation = asked;
    this.#manager.apply(wanted);
    // The new generation is news by itself: an empty set may change no model.
    for (const watcher of this.#watchers) watcher.notify();
    return { generation };
  }

  /**
   * Everything at once, then what changes. Changes of one turn are told together, and a watcher that is slow to read gets
   * the latest state of what it has missed in place of every step.
   */
  readonly watch: handleServerStreamingCall<WatchRequest, WatchResponse> = (call) => {
    const changed = new Set<ModelName>();
    let scheduled = false;
    let full = false;
    const flush = (): void => {
      if (full || !scheduled) return;
      scheduled = false;
      const models = Array.from(changed, (name) => this.#report(name));
      changed.clear();
      full = !call.write(this.#message(models, false));
    };
    const notify = (): void => {
      if (!scheduled) setImmediate(flush);
      scheduled = true;
    };
    call.on("drain", () => {
      full = false;
      flush();
    });
    const watcher: Watcher = { notify, end: () => call.end() };
    const listening = this.#manager.onChange((name) => {
      changed.add(name);
      notify();
    });
    const forget = (): void => {
      listening[Symbol.dispose]();
      this.#watchers.delete(watcher);
    };
    call.on("cancelled", forget);
    call.on("close", forget);
    call.on("error", forget);
    this.#watchers.add(watcher);
    const all = Array.from(this.#manager.models.keys(), (name) => this.#report(name));
    full = !call.write(this.#message(all, true));
  };

  /** Ends every watch, so that the server can. */
  close(): void {
    for (const watcher of this.#watchers) watcher.end();
  }

  #message(models: readonly ModelReport[], complete: boolean): WatchResponse {
    const memory_bytes = String(this.#manager.estimatedBytes);
    return { complete, models, generation: String(this.#generation), memory_bytes };
  }

  #report(name: ModelName): ModelReport {
    const model = this.#manager.models.get(name);
    if (model === undefined) {
      const versions = endedReports(this.#manager, name).map(messageOf);
      return { name, removed: true, versions, discovered: false, problem: "" };
    }
    const versions = versionReports(model).map(messageOf);
    return { name, removed: false, versions, discovered: model.discovered, problem: model.problem };
  }
}

const VERDICTS = { proven: "PROVEN", unproven: "UNPROVEN", refused: "REFUSED" } as const;

function messageOf(report: VersionReport): VersionMessage {
  const { status, wanted, failedLoads, signatureDefMap, times, merging, batchingFile, directory } = report;
  return {
    version: String(status.version),
    state: status.state,
    status: { error_code: status.code, error_message: status.message },
    signature_def_map: Buffer.from(signatureDefMap ?? []),
    failed_loads: String(failedLoads),
    wanted,
    directory,
    load_micros: micros(times?.loadMs),
    warmup_micros: micros(times?.warmUpMs),
    warmup_records: String(times?.warmUpRecords ?? 0),
    merging: Array.from(merging, ([signature, verdict]) => ({
      signature,
      verdict: VERDICTS[verdict.is],
      reason: verdict.is === "proven" ? "" : verdict.reason,
    })),
    batching_file: batchingFile,
  };
}

function micros(ms: number | undefined): string {
  return String(Math.round((ms ?? 0) * 1000));
}

interface Watcher {
  /** There is something new to tell, soon. */
  notify(): void;
  end(): void;
}
