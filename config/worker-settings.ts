import type { LogLevel } from "../core/index.ts";
import type { Config } from "./schema/config.ts";
import type { GrpcConfig } from "./schema/server.ts";
import type { LoadConfig, SessionConfig } from "./schema/workers.ts";

/** What one worker process is told at its start; its models come over the wire, or from its own flags. */
export interface WorkerSettings {
  readonly host: string;
  readonly grpc: GrpcConfig;
  readonly engine: "tensorflow";
  readonly gpu: boolean;
  readonly memoryBudgetBytes: number | undefined;
  readonly session: SessionConfig;
  readonly load: LoadConfig;
  readonly allowVersionLabelsForUnavailable: boolean;
  readonly logLevel: LogLevel;
}

/** The part of a configuration that a worker needs. */
export function workerSettingsOf({ server, workers }: Config): WorkerSettings {
  return {
    host: server.host,
    grpc: server.grpc,
    engine: workers.engine,
    gpu: workers.gpu,
    memoryBudgetBytes: workers.memoryBudgetBytes,
    session: workers.session,
    load: workers.load,
    allowVersionLabelsForUnavailable: workers.allowVersionLabelsForUnavailable,
    logLevel: server.logLevel,
  };
}

/** Writes settings as the value of `--worker_settings`. */
export function encodeWorkerSettings(settings: WorkerSettings): string {
  return JSON.stringify(settings);
}
