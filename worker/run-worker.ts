import type { WorkerSettings } from "../config/index.ts";
import type { Logger } from "../core/index.ts";
import type { Engine } from "./engine/index.ts";
import {
  Manager,
  type Prove,
  readBatchingFile,
  type WantedModel,
  type WarmUp,
  warmUpFromFile,
  warmUpRecords,
} from "./lifecycle/index.ts";
import { proveSignatures } from "./merging/index.ts";
import { type InferenceRules, type Listen, recordedInputs, replayRecord, startServer } from "./server/index.ts";

export interface RunWorkerOptions {
  readonly engine: Engine;
  readonly settings: WorkerSettings;
  /** What to serve from the start; a gateway's or a client's set replaces it. */
  readonly models: readonly WantedModel[];
  readonly listen: Listen;
  readonly log: Logger;
}

export interface RunningWorker {
  /** As grpc-js clients take it: `127.0.0.1:8500` or `unix:/path`. */
  readonly address: string;
  /** Replaces the set of models, as a changed config file does. */
  apply(models: readonly WantedModel[]): void;
  /**
   * Says NOT_SERVING, takes no new calls, waits for those under way and frees every version, all within the timeout; then
   * closes. Answers whether all of it has ended by itself.
   */
  drain(timeoutMs: number): Promise<boolean>;
  /** Ends now: calls under way are cut off. */
  close(): Promise<void>;
}

/**
 * A worker in this process: a server over a manager over an engine. Its health is SERVING once each of its first models
 * answers or has failed its first load; a worker that begins without models serves at once. The caller drains or closes
 * it; the engine stays the caller's.
 */
export async function runWorker(options: RunWorkerOptions): Promise<RunningWorker> {
  const { engine, settings, models, log } = options;
  const { load, memoryBudgetBytes, allowVersionLabelsForUnavailable: allowLabelsForUnavailable } = settings;
  const inference: InferenceRules = {
    checkMethodNames: settings.checkMethodNames,
    outputForm: settings.answerAsTensorContent ? "content" : "typed",
  };
  const warmUp: WarmUp = load.warmup
    ? warmUpFromFile(load.warmupIterations, (model, record) => replayRecord(model, inference, record))
    : async () => 0;
  const batchingFile = (directory: string): Promise<string> => readBatchingFile(directory, load.batchingFiles);
  const prove: Prove = async ({ directory, model }, tolerance, stop) => {
    const records = load.warmup ? await warmUpRecords(directory, PROOF_RECORDS, PROOF_FILE_BYTES) : [];
    const recorded = records.flatMap((record) => recordedInputs(model, record) ?? []);
    return await proveSignatures(model, { tolerance, recorded, mayRun: load.warmup, stop });
  };
  const manager = new Manager({ engine, load, memoryBudgetBytes, warmUp, batchingFile, prove, log });
  const rules = { ...inference, tags: load.tags, allowLabelsForUnavailable };
  const server = await startServer({ manager, listen: options.listen, rules, log });
  log.info({ address: server.address, engine: engine.description, models: models.length }, "worker is listening");

  const ended = new AbortController();
  manager.apply(models);
  manager
    .until(() => manager.settled, ended.signal)
    .then(
      () => server.setServing(true),
      () => {},
    );
  return {
    address: server.address,
    apply: (wanted) => manager.apply(wanted),
    async drain(timeoutMs) {
      const startedMs = performance.now();
      ended.abort();
      const idle = await server.drain(timeoutMs);
      const leftMs = Math.max(0, Math.ceil(timeoutMs - (performance.now() - startedMs)));
      const freed = idle && (await manager.close(AbortSignal.timeout(leftMs)));
      log.info({ inFlight: server.inFlight.count, freed }, "worker has drained");
      return freed;
    },
    async close() {
      ended.abort();
      server.close();
      await manager.close(AbortSignal.timeout(CLOSE_MS));
    },
  };
}

/** Of a version's warm-up, what a proof looks at for rows. */
const PROOF_RECORDS = 32;
const PROOF_FILE_BYTES = 64 * 2 ** 20;

/** A load or a run that is under way cannot be stopped, so an end does not wait for it for long. */
const CLOSE_MS = 1_000;
