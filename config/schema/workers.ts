/** `workers:` — the local pool. Needs a restart. */
export interface WorkersConfig {
  readonly count: number;
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
}

/** How often base paths are looked at: `never` loads nothing (TensorFlow Serving's negative poll wait). */
export type PollPolicy =
  | { readonly by: "interval"; readonly everyMs: number }
  | { readonly by: "once" }
  | { readonly by: "never" };
