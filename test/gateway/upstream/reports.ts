import type { ModelConfig } from "../../../config/index.ts";
import { modelName, version } from "../../../core/index.ts";
import type {
  ErrorCodeName,
  ModelReport,
  SignatureMerging,
  VersionReport,
  VersionStateName,
  WatchResponse,
} from "../../../protos/index.ts";

export interface Row {
  readonly state?: VersionStateName;
  readonly error?: ErrorCodeName;
  readonly failedLoads?: number;
  readonly wanted?: boolean;
  readonly signatures?: string;
  readonly merging?: readonly SignatureMerging[];
}

/** What a worker reports of one version; AVAILABLE and wanted unless told otherwise. */
export function row(
  number: number,
  { state = "AVAILABLE", error = "OK", failedLoads = 0, wanted = true, signatures = "", merging = [] }: Row = {},
): VersionReport {
  return {
    version: String(number),
    state,
    status: { error_code: error, error_message: error === "OK" ? "" : "it failed" },
    signature_def_map: Buffer.from(signatures),
    failed_loads: String(failedLoads),
    wanted,
    directory: `/models/m/${number}`,
    load_micros: "1000",
    warmup_micros: "500",
    warmup_records: "2",
    merging,
    batching_file: "",
  };
}

export function model(name: string, versions: readonly VersionReport[], discovered = true): ModelReport {
  return { name, versions, discovered, removed: false, problem: "" };
}

export function removed(name: string): ModelReport {
  return { name, versions: [], discovered: false, removed: true, problem: "" };
}

export function complete(...models: readonly ModelReport[]): WatchResponse {
  return { complete: true, models, generation: "1", memory_bytes: "0" };
}

export function change(...models: readonly ModelReport[]): WatchResponse {
  return { ...complete(...models), complete: false };
}

export function configured(name: string, labels: Readonly<Record<string, number>> = {}): ModelConfig {
  return {
    name: modelName(name),
    path: `/models/${name}`,
    versions: { by: "latest", count: 1 },
    labels: new Map(Object.entries(labels).map(([label, number]) => [label, version(number)])),
    tags: undefined,
    retry: true,
    batching: undefined,
    pool: undefined,
  };
}
