import { Unfit } from "../schema/scalar.ts";
import { decodeWorkerSettings, type WorkerSettings } from "../worker-settings.ts";
import { type Flag, setting, source } from "./flag.ts";
import { fileOrNone, fraction, integer, type Reader, yesNo } from "./read.ts";

const workerSettings: Reader<WorkerSettings> = {
  placeholder: "JSON",
  read: (written) => decodeWorkerSettings(written) ?? new Unfit("expected the settings of a worker as JSON"),
};

/** The worker processes and their TensorFlow sessions. */
export const workerFlags: readonly Flag[] = [
  setting({
    name: "workers",
    only: "serve",
    reader: integer(1),
    standard: "2",
    help: "How many local worker processes.",
    set: ({ workers }, count) => {
      workers.count = count;
    },
  }),
  setting({
    name: "gpu",
    reader: yesNo,
    standard: "false",
    help: "Whether the TensorFlow library with GPU support is used.",
    set: ({ workers }, on) => {
      workers.gpu = on;
    },
  }),
  setting({
    name: "tensorflow_session_parallelism",
    reader: integer(0),
    standard: "0",
    saysNothing: 0,
    help: "Threads of both kinds below; 0: each has its own.",
    set: ({ workers: { session } }, threads) => {
      session.intraOpThreads = threads;
      session.interOpThreads = threads;
    },
  }),
  setting({
    name: "tensorflow_intra_op_parallelism",
    reader: integer(0),
    standard: "0",
    saysNothing: 0,
    help: "Threads within one operation; 0: TensorFlow decides.",
    set: ({ workers }, threads) => {
      workers.session.intraOpThreads = threads;
    },
  }),
  setting({
    name: "tensorflow_inter_op_parallelism",
    reader: integer(0),
    standard: "0",
    saysNothing: 0,
    help: "Threads across operations; 0: TensorFlow decides.",
    set: ({ workers }, threads) => {
      workers.session.interOpThreads = threads;
    },
  }),
  setting({
    name: "per_process_gpu_memory_fraction",
    reader: fraction,
    standard: "0",
    help: "The part of a GPU's memory that each worker takes; 0: TensorFlow decides.",
    set: ({ workers }, part) => {
      workers.session.gpuMemoryFraction = part;
    },
  }),
  source({
    name: "tensorflow_session_config_file",
    reader: fileOrNone,
    help: "A ConfigProto in protobuf's text format: options of every session; the flags above win over it.",
    put: (values, path) => {
      values.sessionFile = path;
    },
  }),
  setting({
    name: "enable_signature_method_name_check",
    reader: yesNo,
    standard: "false",
    help: "Whether a signature is run only by the calls that its method_name stands for.",
    set: ({ workers }, on) => {
      workers.checkMethodNames = on;
    },
  }),
  setting({
    name: "enable_serialization_as_tensor_content",
    reader: yesNo,
    standard: "false",
    help: "Whether Predict answers over gRPC as tensor_content instead of in typed fields.",
    set: ({ workers }, on) => {
      workers.answerAsTensorContent = on;
    },
  }),
  source({
    name: "enable_batching",
    only: "serve",
    reader: yesNo,
    standard: "true",
    help: "Whether concurrent calls are joined.",
    put: (values, enabled) => {
      values.batching = { ...values.batching, enabled };
    },
  }),
  source({
    name: "batching_parameters_file",
    only: "serve",
    reader: fileOrNone,
    help: "BatchingParameters in protobuf's text format: the bounds of that.",
    put: (values, file) => {
      values.batching = { ...values.batching, file };
    },
  }),
  source({
    name: "enable_per_model_batching_parameters",
    only: "serve",
    reader: yesNo,
    standard: "false",
    help: "Whether batching_params.pbtxt in a version's folder gives the bounds for that model.",
    put: (values, perModel) => {
      values.batching = { ...values.batching, perModel };
    },
  }),
  source({
    name: "worker_settings",
    only: "worker",
    hidden: true,
    reader: workerSettings,
    help: "What a gateway tells the workers that it starts.",
    put: (values, settings) => {
      values.workerSettings = settings;
    },
  }),
];
