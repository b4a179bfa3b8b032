import type { PollPolicy } from "../schema/workers.ts";
import { type Flag, setting, source } from "./flag.ts";
import { file, fileOrNone, folderOrNone, integer, list, text, yesNo } from "./read.ts";

/** What is served, and how its versions are found and loaded. */
export const modelFlags: readonly Flag[] = [
  source({
    name: "config",
    only: "serve",
    reader: file,
    help: "A YAML or JSON configuration, or a folder of them; flags win over it. It is watched, and acts as soon as it changes.",
    put: (values, path) => {
      values.configFile = path;
    },
  }),
  source({
    name: "model_base_path",
    reader: folderOrNone,
    help: "The folder of the one model to serve, with numeric version folders in it.",
    put: (values, path) => {
      values.modelBasePath = path;
    },
  }),
  source({
    name: "model_name",
    reader: text,
    standard: "default",
    help: "The name of that model.",
    put: (values, name) => {
      values.modelName = name;
    },
  }),
  source({
    name: "model_config_file",
    reader: fileOrNone,
    help: "A ModelServerConfig in protobuf's text format: the models to serve; the two flags above are ignored then.",
    put: (values, path) => {
      values.modelConfigFile = path;
    },
  }),
  source({
    name: "model_config_file_poll_wait_seconds",
    reader: integer(),
    standard: "0",
    help: "How often that file is read again; 0: never.",
    put: (values, seconds) => {
      values.modelConfigPollMs = Math.max(0, seconds * 1000);
    },
  }),
  setting({
    name: "file_system_poll_wait_seconds",
    reader: integer(),
    standard: "1",
    help: "How often base paths are looked at for versions; 0: once; negative: never.",
    set: ({ workers }, seconds) => {
      workers.load.poll = pollOf(seconds);
    },
  }),
  setting({
    name: "saved_model_tags",
    reader: list,
    standard: "serve",
    help: "Tags of the MetaGraph to serve.",
    set: ({ workers }, tags) => {
      workers.load.tags = tags;
    },
  }),
  setting({
    name: "max_num_load_retries",
    reader: integer(0),
    standard: "5",
    help: "How often a failed load is tried again.",
    set: ({ workers }, retries) => {
      workers.load.retries = retries;
    },
  }),
  setting({
    name: "load_retry_interval_micros",
    reader: integer(),
    standard: "60000000",
    help: "The time between two tries.",
    set: ({ workers }, micros) => {
      workers.load.retryIntervalMs = Math.max(0, micros / 1000);
    },
  }),
  setting({
    name: "num_load_threads",
    reader: integer(0),
    standard: "4",
    saysNothing: 0,
    help: "How many versions are loaded at the same time; 0: the default.",
    set: ({ workers }, threads) => {
      workers.load.threads = threads;
    },
  }),
  setting({
    name: "enable_model_warmup",
    reader: yesNo,
    standard: "true",
    help: "Whether a version's recorded requests are replayed before it is available.",
    set: ({ workers }, on) => {
      workers.load.warmup = on;
    },
  }),
  setting({
    name: "num_request_iterations_for_warmup",
    reader: integer(0),
    standard: "1",
    saysNothing: 0,
    help: "How often each of them is replayed; 0: the default.",
    set: ({ workers }, times) => {
      workers.load.warmupIterations = times;
    },
  }),
  setting({
    name: "allow_version_labels_for_unavailable_models",
    reader: yesNo,
    standard: "false",
    help: "Whether a reload over gRPC may point a label at a version that is not available yet.",
    set: ({ workers }, on) => {
      workers.allowVersionLabelsForUnavailable = on;
    },
  }),
];

function pollOf(seconds: number): PollPolicy {
  if (seconds > 0) return { by: "interval", everyMs: seconds * 1000 };
  return { by: seconds === 0 ? "once" : "never" };
}
