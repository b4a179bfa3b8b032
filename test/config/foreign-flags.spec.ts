import { describe, expect, test } from "vitest";
import { flagHelp, parseFlags } from "../../config/index.ts";

describe("flags of tensorflow_model_server without a meaning here", () => {
  /** Every flag of its `main.cc`. */
  const REFERENCE = `port grpc_socket_path rest_api_port rest_api_num_threads rest_api_timeout_in_ms rest_api_enable_cors_support
    enable_batching allow_version_labels_for_unavailable_models batching_parameters_file enable_per_model_batching_parameters
    model_config_file model_config_file_poll_wait_seconds model_name model_base_path num_load_threads num_unload_threads
    max_num_load_retries load_retry_interval_micros file_system_poll_wait_seconds flush_filesystem_caches
    tensorflow_session_parallelism tensorflow_session_config_file tensorflow_intra_op_parallelism
    tensorflow_inter_op_parallelism use_alts_credentials ssl_config_file platform_config_file
    per_process_gpu_memory_fraction saved_model_tags grpc_channel_arguments grpc_max_threads enable_model_warmup
    num_request_iterations_for_warmup version monitoring_config_file remove_unused_fields_from_bundle_metagraph
    prefer_tflite_model num_tflite_pools num_tflite_interpreters_per_pool enable_signature_method_name_check
    xla_cpu_compilation_enabled xla_gpu_compilation_enabled enable_profiler thread_pool_factory_config_file
    mixed_precision skip_initialize_tpu enable_grpc_healthcheck_service enable_serialization_as_tensor_content`;

  test("are named in the help, as all its others are", () => {
    const help = flagHelp("serve");
    const names = REFERENCE.split(/\s+/);
    expect(names).toHaveLength(48);
    expect(names.filter((name) => !new RegExp(`--${name}\\b`).test(help))).toEqual([]);
  });

  test("are taken, with a line each that says so", () => {
    const argv = [
      "--enable_profiler=false",
      "--grpc_max_threads=8",
      "--mixed_precision=",
      "--use_alts_credentials=false",
    ];
    const { notes } = parseFlags(argv, "serve");
    expect(notes).toEqual([
      "--grpc_max_threads has no effect: gRPC calls take no thread each",
      "--enable_profiler has no effect: there is no profiler service; /metrics has the times of requests",
      expect.stringMatching(/^--mixed_precision has no effect: .*--tensorflow_session_config_file turns it on$/),
    ]);
  });

  test("are refused where they would be missed, with what to do instead", () => {
    const argv = ["--prefer_tflite_model", "--use_alts_credentials=true", "--platform_config_file=p"];
    expect(() => parseFlags(argv, "serve")).toThrow(
      expect.objectContaining({
        problems: [
          {
            path: "--prefer_tflite_model",
            message: expect.stringMatching(/^TensorFlow Lite is not supported; .*saved_model\.pb/),
          },
          { path: "--use_alts_credentials", message: "ALTS is not supported; use --ssl_config_file for TLS" },
          {
            path: "--platform_config_file",
            message: expect.stringMatching(/^other platforms .*--tensorflow_session_config_file/),
          },
        ],
      }),
    );
  });
});
