/** Configuration messages of TensorFlow Serving, in the form that `serving.ts` describes. */
import type { Any, Int64, StatusProto, Wrapped } from "./serving.ts";

/** Which of the versions found are wanted. Unset: the latest one. */
export type ServableVersionPolicy =
  | { readonly policy_choice: "latest"; readonly latest: { readonly num_versions: number } }
  | { readonly policy_choice: "all"; readonly all: Readonly<Record<string, never>> }
  | { readonly policy_choice: "specific"; readonly specific: { readonly versions: readonly Int64[] } }
  | { readonly policy_choice?: undefined };

export interface LoggingConfig {
  readonly log_collector_config: { readonly type: string; readonly filename_prefix: string } | null;
  readonly sampling_config: {
    readonly sampling_rate: number;
    readonly per_task_sampling_configs: readonly {
      readonly dc: string;
      readonly task_index?: number;
      readonly sampling_rate: number;
    }[];
    readonly attributes: number;
  } | null;
  readonly custom_logging_config: Any | null;
}

export interface ModelConfig {
  readonly name: string;
  readonly base_path: string;
  readonly model_type: "MODEL_TYPE_UNSPECIFIED" | "TENSORFLOW" | "OTHER";
  readonly model_platform: string;
  readonly model_version_policy: ServableVersionPolicy | null;
  readonly version_labels: Readonly<Record<string, Int64>>;
  readonly logging_config: LoggingConfig | null;
}

export type ModelServerConfig =
  | { readonly config: "model_config_list"; readonly model_config_list: { readonly config: readonly ModelConfig[] } }
  | { readonly config: "custom_model_config"; readonly custom_model_config: Any }
  | { readonly config?: undefined };

export interface ReloadConfigRequest {
  readonly config: ModelServerConfig | null;
  readonly metric_names: readonly string[];
}

export type Metric = { readonly name: string } & (
  | { readonly value_increase: "int64_value_increase"; readonly int64_value_increase: Int64 }
  | { readonly value_increase?: undefined }
);

export interface ReloadConfigResponse {
  readonly status: StatusProto | null;
  readonly metric: readonly Metric[];
}

export interface BatchingParameters {
  readonly max_batch_size: Wrapped<Int64> | null;
  readonly batch_timeout_micros: Wrapped<Int64> | null;
  readonly max_enqueued_batches: Wrapped<Int64> | null;
  readonly num_batch_threads: Wrapped<Int64> | null;
  readonly thread_pool_name: Wrapped<string> | null;
  readonly enable_large_batch_splitting: Wrapped<boolean> | null;
  readonly max_execution_batch_size: Wrapped<Int64> | null;
  readonly allowed_batch_sizes: readonly Int64[];
  readonly pad_variable_length_inputs: boolean;
}

export interface MonitoringConfig {
  readonly prometheus_config: { readonly enable: boolean; readonly path: string } | null;
}

/** PEM text, not paths. */
export interface SSLConfig {
  readonly server_key: string;
  readonly server_cert: string;
  readonly custom_ca: string;
  readonly client_verify: boolean;
}
