import { expect, test } from "vitest";
import {
  type ApplyModelsRequest,
  type ApplyModelsResponse,
  type BatchingParameters,
  codec,
  type GetModelMetadataRequest,
  type GetModelMetadataResponse,
  type GetModelStatusRequest,
  type GetModelStatusResponse,
  type ModelServerConfig,
  type ModelSpec,
  type MonitoringConfig,
  type PredictionLog,
  type ReloadConfigRequest,
  type ReloadConfigResponse,
  type ServableVersionPolicy,
  type SSLConfig,
  type WatchResponse,
} from "../../protos/index.ts";

/**
 * One case whose value has to be complete for the compiler, and has to come back as it is: an interface with a field too
 * many, too few or misspelt doesn't pass.
 */
function sample<T extends object>(fullName: string, value: T): { fullName: string; value: T } {
  return { fullName, value };
}

const spec: ModelSpec = { name: "m", signature_name: "s", version_choice: "version", version: { value: "7" } };
const status = { error_code: "NOT_FOUND", error_message: "no" } as const;
const any = { type_url: "type.googleapis.com/x", value: Buffer.from("x") };
const policy: ServableVersionPolicy = { policy_choice: "specific", specific: { versions: ["1", "2"] } };
const modelConfig: ModelServerConfig = {
  config: "model_config_list",
  model_config_list: {
    config: [
      {
        name: "m",
        base_path: "/models/m",
        model_type: "TENSORFLOW",
        model_platform: "tensorflow",
        model_version_policy: policy,
        version_labels: { stable: "1", 试: "2" },
        logging_config: {
          log_collector_config: { type: "file", filename_prefix: "/log/m" },
          sampling_config: {
            sampling_rate: 0.1,
            per_task_sampling_configs: [{ dc: "a", sampling_rate: 0.5 }],
            attributes: 1,
          },
          custom_logging_config: any,
        },
      },
    ],
  },
};

test.each([
  sample<ModelSpec>("tensorflow.serving.ModelSpec", spec),
  sample<ModelSpec>("tensorflow.serving.ModelSpec", { name: "m", signature_name: "s" }),
  sample<ModelSpec>("tensorflow.serving.ModelSpec", {
    name: "m",
    signature_name: "s",
    version_choice: "version_label",
    version_label: "stable",
  }),
  sample<GetModelStatusRequest>("tensorflow.serving.GetModelStatusRequest", { model_spec: spec }),
  sample<GetModelStatusResponse>("tensorflow.serving.GetModelStatusResponse", {
    model_version_status: [
      { version: "7", state: "END", status },
      { version: "8", state: "AVAILABLE", status: null },
    ],
  }),
  sample<GetModelMetadataRequest>("tensorflow.serving.GetModelMetadataRequest", {
    model_spec: spec,
    metadata_field: ["signature_def"],
  }),
  sample<GetModelMetadataResponse>("tensorflow.serving.GetModelMetadataResponse", {
    model_spec: spec,
    metadata: { signature_def: any },
  }),
  sample<ServableVersionPolicy>("tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy", {
    policy_choice: "latest",
    latest: { num_versions: 2 },
  }),
  sample<ServableVersionPolicy>("tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy", {
    policy_choice: "all",
    all: {},
  }),
  sample<ModelServerConfig>("tensorflow.serving.ModelServerConfig", modelConfig),
  sample<ModelServerConfig>("tensorflow.serving.ModelServerConfig", {
    config: "custom_model_config",
    custom_model_config: any,
  }),
  sample<ReloadConfigRequest>("tensorflow.serving.ReloadConfigRequest", { config: modelConfig, metric_names: ["a"] }),
  sample<ReloadConfigResponse>("tensorflow.serving.ReloadConfigResponse", {
    status,
    metric: [{ name: "a", value_increase: "int64_value_increase", int64_value_increase: "0" }, { name: "b" }],
  }),
  sample<BatchingParameters>("tensorflow.serving.BatchingParameters", {
    max_batch_size: { value: "128" },
    batch_timeout_micros: { value: "0" },
    max_enqueued_batches: { value: "10" },
    num_batch_threads: null,
    thread_pool_name: { value: "pool" },
    enable_large_batch_splitting: { value: false },
    max_execution_batch_size: { value: "64" },
    allowed_batch_sizes: ["32", "64"],
    pad_variable_length_inputs: true,
  }),
  sample<MonitoringConfig>("tensorflow.serving.MonitoringConfig", { prometheus_config: { enable: true, path: "/m" } }),
  sample<SSLConfig>("tensorflow.serving.SSLConfig", {
    server_key: "k",
    server_cert: "c",
    custom_ca: "a",
    client_verify: true,
  }),
  sample<PredictionLog>("tensorflow.serving.PredictionLog", {
    log_metadata: null,
    log_type: "multi_inference_log",
    multi_inference_log: { request: { tasks: [], input: null }, response: null },
  }),
  sample<PredictionLog>("tensorflow.serving.PredictionLog", {
    log_metadata: null,
    log_type: "predict_streamed_log",
    predict_streamed_log: { request: [], response: [] },
  }),
  sample<ApplyModelsRequest>("tensorgate.v1.ApplyModelsRequest", {
    models: [
      {
        name: "m",
        base_path: "/m",
        version_policy: policy,
        version_labels: { stable: "1" },
        tags: ["serve", "gpu"],
        merge_proof: { relative_tolerance: 0.5, absolute_tolerance: 0.25 },
      },
    ],
    generation: "3",
  }),
  sample<ApplyModelsResponse>("tensorgate.v1.ApplyModelsResponse", { generation: "3" }),
  sample<WatchResponse>("tensorgate.v1.WatchResponse", {
    complete: true,
    models: [
      {
        name: "m",
        removed: false,
        versions: [
          {
            version: "1",
            state: "AVAILABLE",
            status,
            signature_def_map: Buffer.from("s"),
            failed_loads: "2",
            wanted: true,
            directory: "/m/1",
            load_micros: "1000",
            warmup_micros: "500",
            warmup_records: "3",
            merging: [{ signature: "s", verdict: "REFUSED", reason: "writes" }],
            batching_file: "max_batch_size { value: 4 }",
          },
        ],
        discovered: true,
        problem: "none",
      },
    ],
    generation: "3",
    memory_bytes: "4096",
  }),
])("$fullName is what its interface says", ({ fullName, value }) => {
  const messages = codec<object>(fullName);
  expect(messages.decode(messages.encode(value))).toStrictEqual(value);
});
