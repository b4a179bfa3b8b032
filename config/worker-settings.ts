import type { LogLevel } from "../core/index.ts";
import type { Config } from "./schema/config.ts";
import type { GrpcConfig } from "./schema/server.ts";
import type { WorkersConfig } from "./schema/workers.ts";

/** Neither keys nor options of the gateway's port are for its workers. */
type WorkerGrpc = Pick<GrpcConfig, "port" | "socketPath" | "maxBytes">;

/** Which workers there are is not for each of them. */
type OwnWorkers = Omit<WorkersConfig, "count" | "endpoints" | "devices">;

/** What one worker process is told at its start; its models come over the wire, or from its own flags. */
export interface WorkerSettings extends OwnWorkers {
  readonly host: string;
  readonly grpc: WorkerGrpc;
  readonly logLevel: LogLevel;
}

/** The part of a configuration that a worker needs. */
export function workerSettingsOf({ server, workers }: Config): WorkerSettings {
  const { port, socketPath, maxBytes } = server.grpc;
  const { count: _, endpoints: _endpoints, devices: _devices, ...own } = workers;
  return { ...own, host: server.host, grpc: { port, socketPath, maxBytes }, logLevel: server.logLevel };
}

/** Writes settings as the value of `--worker_settings`. */
export function encodeWorkerSettings(settings: WorkerSettings): string {
  return JSON.stringify(settings);
}

/** Reads what {@link encodeWorkerSettings} wrote; undefined for anything else. */
export function decodeWorkerSettings(json: string): WorkerSettings | undefined {
  const value = parseObject(json);
  if (value === undefined || !REQUIRED.every((key) => value[key] !== undefined)) return undefined;
  const settings = value as unknown as WorkerSettings;
  const { port, socketPath, maxBytes } = settings.grpc;
  return { ...settings, grpc: { port, socketPath, maxBytes }, memoryBudgetBytes: settings.memoryBudgetBytes };
}

/** Both sides are the same program, so this only catches a hand-written value; `undefined` has no form in JSON. */
const REQUIRED = [
  "host",
  "grpc",
  "engine",
  "session",
  "load",
  "logLevel",
] as const satisfies readonly (keyof WorkerSettings)[];

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(json) as unknown;
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A configuration that holds these settings, for a worker that has no other. */
export function withWorkerSettings(config: Config, settings: WorkerSettings): Config {
  const { host, grpc, logLevel, ...workers } = settings;
  return {
    ...config,
    server: { ...config.server, host, grpc: { ...config.server.grpc, ...grpc }, logLevel },
    workers: { ...config.workers, ...workers },
  };
}
