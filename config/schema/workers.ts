import type { z } from "zod";
import { endpointAddress } from "./endpoint-address.ts";
import { list, scalar, section } from "./scalar.ts";
import {
  duration,
  durationShape,
  integer,
  number,
  parseDuration,
  size,
  text,
  textOrNumber,
  word,
  yesNo,
} from "./units.ts";

/** `workers:` — the processes that run the models. Needs a restart. */
export interface WorkersConfig {
  /** How many are started and kept on this machine; 0 with `endpoints`, and where all models are in `pools`. */
  readonly count: number;
  /** `host:port` of workers that run elsewhere and see the same model paths. */
  readonly endpoints: readonly string[];
  readonly engine: "tensorflow";
  /** One CUDA_VISIBLE_DEVICES value for each worker, round robin; empty: workers inherit the environment's. */
  readonly devices: readonly string[];
  /** Whether the TensorFlow library with GPU support is fetched. */
  readonly gpu: boolean;
  /** Memory that the models of one worker may take; undefined: not bounded. */
  readonly memoryBudgetBytes: number | undefined;
  readonly session: SessionConfig;
  readonly load: LoadConfig;
  /** `--allow_version_labels_for_unavailable_models`: a reload may point a label at a version that is not AVAILABLE. */
  readonly allowVersionLabelsForUnavailable: boolean;
  /** `--enable_signature_method_name_check`: a signature is run only by the calls that its method_name stands for. */
  readonly checkMethodNames: boolean;
  /** `--enable_serialization_as_tensor_content`: Predict answers over gRPC as `tensor_content`, not in typed fields. */
  readonly answerAsTensorContent: boolean;
}

/** Options of every TensorFlow session (`ConfigProto`); 0 leaves the choice to TensorFlow. */
export interface SessionConfig {
  readonly intraOpThreads: number;
  readonly interOpThreads: number;
  readonly gpuMemoryGrowth: boolean;
  /** Between 0 and 1: the part of a GPU's memory that is taken at start; 0: TensorFlow's default. */
  readonly gpuMemoryFraction: number;
  /** `gpu_options.visible_device_list`; "": all. */
  readonly visibleDevices: string;
  /** Of `--tensorflow_session_config_file`: a serialized `tensorflow.ConfigProto` in base64, under all of the above. */
  readonly configProto: string;
}

/** How versions are found and loaded; the defaults are TensorFlow Serving's. */
export interface LoadConfig {
  readonly poll: PollPolicy;
  /** How often a failed load is tried again. */
  readonly retries: number;
  readonly retryIntervalMs: number;
  /** Tags of the MetaGraph to serve, for models that name none. */
  readonly tags: readonly string[];
  /** Whether `assets.extra/tf_serving_warmup_requests` is replayed before a version is AVAILABLE. */
  readonly warmup: boolean;
  readonly warmupIterations: number;
  /** How many versions are loaded at the same time. */
  readonly threads: number;
  /** Whether `batching_params.pbtxt` beside a version's saved model says how its calls are joined. */
  readonly batchingFiles: boolean;
}

/** How often base paths are looked at: `never` loads nothing (TensorFlow Serving's negative poll wait). */
export type PollPolicy =
  | { readonly by: "interval"; readonly everyMs: number }
  | { readonly by: "once" }
  | { readonly by: "never" };

const session = section({
  intraOpThreads: integer(0).prefault(0).describe("Threads within one operation; 0: TensorFlow decides."),
  interOpThreads: integer(0).prefault(0).describe("Threads across operations; 0: TensorFlow decides."),
  gpuMemoryGrowth: yesNo().prefault(false).describe("Whether GPU memory is taken as needed instead of all at start."),
  gpuMemoryFraction: number(0, 1).prefault(0).describe("The part of a GPU's memory to take; 0: TensorFlow decides."),
  visibleDevices: textOrNumber().prefault("").describe("GPUs that TensorFlow may use, by number: 0,2; empty: all."),
}).transform((options): SessionConfig => ({ ...options, configProto: "" }));

/** `1s`, `once` (0 too) or `never` (a negative number too). */
function poll(): z.ZodType<PollPolicy> {
  return scalar(
    "a duration like 1s, once or never",
    durationShape(["once", "never"], true),
    (value): PollPolicy | undefined => {
      if (value === "never" || value === "once") return { by: value };
      if (typeof value === "number" && value < 0) return { by: "never" };
      const everyMs = parseDuration(value);
      if (everyMs === undefined) return undefined;
      return everyMs === 0 ? { by: "once" } : { by: "interval", everyMs };
    },
  );
}

const load = section({
  poll: poll().prefault("1s").describe("How often base paths are looked at; once (or 0): only at start."),
  retries: integer(0).prefault(5).describe("How often a failed load is tried again."),
  retryInterval: duration().prefault("60s").describe("The time between two tries."),
  tags: list(text()).prefault(["serve"]).describe("Tags of the MetaGraph to serve, for models that name none."),
  warmup: yesNo().prefault(true).describe("Whether assets.extra/tf_serving_warmup_requests is replayed."),
  warmupIterations: integer(1).prefault(1).describe("How often each of its requests is replayed."),
  threads: integer(1).prefault(4).describe("How many versions are loaded at the same time."),
  batchingFiles: yesNo()
    .prefault(false)
    .describe("Whether batching_params.pbtxt beside a version's saved_model.pb bounds how its calls are joined."),
}).transform(({ retryInterval, ...others }): LoadConfig => ({ ...others, retryIntervalMs: retryInterval }));

export const workersSchema: z.ZodType<WorkersConfig> = section({
  count: integer(0).optional().describe("How many local worker processes; default: 2, or none with endpoints."),
  endpoints: list(endpointAddress())
    .prefault([])
    .describe("Workers that run elsewhere (tensorgate worker), as host:port; then none is started here."),
  engine: word("tensorflow").prefault("tensorflow"),
  devices: list(textOrNumber())
    .prefault([])
    .describe("One CUDA_VISIBLE_DEVICES value for each worker, round robin; empty: the environment's."),
  gpu: yesNo().prefault(false).describe("Whether the TensorFlow library with GPU support is used."),
  memoryBudget: size().optional().describe("Memory that the models of one worker may take."),
  session: session.prefault({}),
  load: load.prefault({}),
  allowVersionLabelsForUnavailable: yesNo()
    .prefault(false)
    .describe("Whether a reload over gRPC may point a label at a version that is not AVAILABLE yet."),
  checkMethodNames: yesNo()
    .prefault(false)
    .describe("Whether a signature is run only by the calls that its method_name stands for."),
  answerAsTensorContent: yesNo()
    .prefault(false)
    .describe("Whether Predict answers over gRPC as tensor_content instead of in typed fields."),
}).transform(({ count, memoryBudget, ...others }, context): WorkersConfig => {
  const remote = others.endpoints.length > 0;
  if (remote && count !== undefined && count > 0) {
    context.addIssue({ code: "custom", message: "cannot be given together with endpoints", path: ["count"] });
  }
  return { ...others, count: remote ? 0 : (count ?? DEFAULT_COUNT), memoryBudgetBytes: memoryBudget };
});

const DEFAULT_COUNT = 2;
