import { type Flag, refused, withoutEffect } from "./flag.ts";
import { integer, textOrNone, yesNo } from "./read.ts";

/** What `tensorflow_model_server` takes besides, and what becomes of it here. */
export const foreignFlags: readonly Flag[] = [
  withoutEffect("rest_api_num_threads", integer(), "REST calls take no thread each", "serve"),
  withoutEffect("grpc_max_threads", integer(), "gRPC calls take no thread each"),
  withoutEffect("num_unload_threads", integer(), "versions are unloaded beside what else runs"),
  withoutEffect(
    "flush_filesystem_caches",
    yesNo,
    "the operating system frees its file caches when it needs the memory",
  ),
  withoutEffect("remove_unused_fields_from_bundle_metagraph", yesNo, "only the signatures of a model are kept"),
  withoutEffect("enable_profiler", yesNo, "there is no profiler service; /metrics has the times of requests"),
  withoutEffect("xla_cpu_compilation_enabled", yesNo, "TensorFlow's environment variable TF_XLA_FLAGS decides"),
  withoutEffect("xla_gpu_compilation_enabled", yesNo, "TensorFlow's environment variable TF_XLA_FLAGS decides"),
  withoutEffect(
    "mixed_precision",
    textOrNone,
    "graph_options { rewrite_options { auto_mixed_precision: ON } } in --tensorflow_session_config_file turns it on",
  ),
  withoutEffect("thread_pool_factory_config_file", textOrNone, "runs take TensorFlow's own threads"),
  withoutEffect("skip_initialize_tpu", yesNo, "there is no TPU support"),
  withoutEffect("num_tflite_pools", integer(), "models run as TensorFlow graphs"),
  withoutEffect("num_tflite_interpreters_per_pool", integer(), "models run as TensorFlow graphs"),
  refused(
    "prefer_tflite_model",
    yesNo,
    (on) => on,
    "TensorFlow Lite is not supported; without this flag the saved_model.pb beside the model.tflite is served",
  ),
  refused("use_alts_credentials", yesNo, (on) => on, "ALTS is not supported; use --ssl_config_file for TLS"),
  refused(
    "platform_config_file",
    textOrNone,
    (path) => path !== undefined,
    "other platforms than TensorFlow are not supported; what such a file says of TensorFlow itself has flags: --saved_model_tags, --tensorflow_session_config_file, --batching_parameters_file, --enable_model_warmup",
  ),
];
