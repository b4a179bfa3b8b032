import type { Config } from "../schema/config.ts";
import type { WorkerSettings } from "../worker-settings.ts";

export type Command = "serve" | "worker";

/** What a command line says. Paths are absolute. */
export interface FlagValues {
  readonly command: Command;
  readonly help: boolean;
  readonly version: boolean;
  /** `--config`. */
  readonly configFile: string | undefined;
  readonly modelName: string | undefined;
  readonly modelBasePath: string | undefined;
  readonly modelConfigFile: string | undefined;
  /** How often `--model_config_file` is read again; 0: never. */
  readonly modelConfigPollMs: number;
  readonly monitoringFile: string | undefined;
  readonly sslFile: string | undefined;
  readonly sessionFile: string | undefined;
  readonly batching: BatchingFlags;
  /** Of a worker that a gateway has started: its models come over the wire. */
  readonly workerSettings: WorkerSettings | undefined;
  /** What the other flags change in a configuration, one change a flag. */
  readonly changes: readonly Change[];
  /** Flags that were taken and have no effect, a line each. */
  readonly notes: readonly string[];
}

/** The batching flags of `tensorflow_model_server`, as they were given. */
export interface BatchingFlags {
  readonly enabled: boolean | undefined;
  /** An absolute path. */
  readonly file: string | undefined;
  /** `batching_params.pbtxt` beside a version's `saved_model.pb` counts. */
  readonly perModel: boolean;
}

export type Change = (config: Draft<Config>) => void;

/** The same without `readonly`, down through plain objects; lists and maps are replaced whole. */
export type Draft<T> = T extends readonly unknown[] | ReadonlyMap<unknown, unknown>
  ? T
  : T extends object
    ? { -readonly [K in keyof T]: Draft<T[K]> }
    : T;

/** {@link FlagValues} while they are being read; changes and notes are kept by flag, so that the last of two wins. */
export type FlagDraft = { -readonly [K in keyof Omit<FlagValues, "changes" | "notes">]: FlagValues[K] } & {
  readonly notes: Map<string, string>;
};
