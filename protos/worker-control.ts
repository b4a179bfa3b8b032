/** Messages of tensorgate/v1/worker.proto, where the fields are explained, in the form that `serving.ts` describes. */
import type { ServableVersionPolicy } from "./server-config.ts";
import type { Int64, StatusProto, VersionStateName } from "./serving.ts";

export interface WantedModel {
  readonly name: string;
  readonly base_path: string;
  readonly version_policy: ServableVersionPolicy | null;
  readonly version_labels: Readonly<Record<string, Int64>>;
  readonly tags: readonly string[];
  readonly merge_proof: MergeProof | null;
}

export interface MergeProof {
  readonly relative_tolerance: number;
  readonly absolute_tolerance: number;
}

export interface ApplyModelsRequest {
  readonly models: readonly WantedModel[];
  readonly generation: Int64;
}

export interface ApplyModelsResponse {
  readonly generation: Int64;
}

export type WatchRequest = Readonly<Record<string, never>>;

export interface WatchResponse {
  readonly complete: boolean;
  readonly models: readonly ModelReport[];
  readonly generation: Int64;
  readonly memory_bytes: Int64;
}

export interface ModelReport {
  readonly name: string;
  readonly removed: boolean;
  readonly versions: readonly VersionReport[];
  readonly discovered: boolean;
  readonly problem: string;
}

export interface VersionReport {
  readonly version: Int64;
  readonly state: VersionStateName;
  readonly status: StatusProto | null;
  /** A serialized tensorflow.serving.SignatureDefMap; empty unless AVAILABLE. */
  readonly signature_def_map: Buffer;
  readonly failed_loads: Int64;
  readonly wanted: boolean;
  readonly directory: string;
  readonly load_micros: Int64;
  readonly warmup_micros: Int64;
  readonly warmup_records: Int64;
  readonly merging: readonly SignatureMerging[];
  readonly batching_file: string;
}

export interface SignatureMerging {
  readonly signature: string;
  readonly verdict: "UNKNOWN" | "PROVEN" | "UNPROVEN" | "REFUSED";
  readonly reason: string;
}
