import { z } from "zod";
import { type ModelName, modelName, type Version } from "../../core/index.ts";
import { cloudPathProblem } from "../base-path.ts";
import { type BatchingConfig, batchingSchema } from "./batching.ts";
import { LOCAL_POOL } from "./pools.ts";
import { list, mapping, scalar, section, shortOr, Unfit } from "./scalar.ts";
import { integer, parseText, text, versionNumber, word, yesNo } from "./units.ts";

/** One entry of `models:`. Swapped by a reload. */
export interface ModelConfig {
  readonly name: ModelName;
  /** Absolute; "" of a model whose versions are not loaded from a folder that is known here. */
  readonly path: string;
  /** Who serves it; undefined: the local workers. */
  readonly pool: string | undefined;
  readonly versions: VersionPolicy;
  readonly labels: ReadonlyMap<string, Version>;
  /** Tags of the MetaGraph to serve; undefined: those of `workers.load.tags`. */
  readonly tags: readonly string[] | undefined;
  /** Whether a call whose worker died may be sent again although it may have run. */
  readonly retry: boolean;
  /** How concurrent calls of this model are joined; undefined: as the configuration's own `batching` says. */
  readonly batching: BatchingConfig | "off" | undefined;
}

/** What TensorFlow Serving's flags and model lists cannot say of a model. */
export const OWN_DEFAULTS: Pick<ModelConfig, "pool" | "tags" | "retry" | "batching"> = {
  pool: undefined,
  tags: undefined,
  retry: true,
  batching: undefined,
};

/** Which of the versions found on disk are wanted. */
export type VersionPolicy =
  | { readonly by: "latest"; readonly count: number }
  | { readonly by: "all" }
  | { readonly by: "specific"; readonly versions: readonly Version[] };

/** TensorFlow Serving's: the highest version. */
export const DEFAULT_VERSIONS: Extract<VersionPolicy, { by: "latest" }> = {
  by: "latest",
  count: 1,
} as const satisfies VersionPolicy;

const all = word("all").transform((): VersionPolicy => ({ by: "all" }));

const policy = section({
  latest: integer(1).optional().describe("The so many highest versions."),
  all: yesNo().optional().describe("Every version."),
  specific: list(versionNumber()).optional().describe("Exactly these versions."),
}).transform(({ latest, all, specific }, context): VersionPolicy => {
  const given = [latest, all, specific].filter((each) => each !== undefined);
  if (given.length === 1) {
    if (latest !== undefined) return { by: "latest", count: latest };
    if (specific !== undefined) return { by: "specific", versions: specific };
    if (all === true) return { by: "all" };
  }
  context.addIssue({ code: "custom", message: "expected exactly one of latest: n, all: true, specific: [n]" });
  return z.NEVER;
});

function basePath(): z.ZodType<string> {
  return scalar("a path", { type: "string", minLength: 1 }, (value) => {
    const path = parseText(value);
    if (typeof path !== "string") return path;
    const problem = cloudPathProblem(path);
    return problem === undefined ? path : new Unfit(problem);
  });
}

const labelsShape = { type: "object", additionalProperties: { type: ["integer", "string"] } };

export const modelSchema: z.ZodType<ModelConfig> = section({
  name: text().describe("What clients call the model."),
  path: basePath()
    .optional()
    .describe("Its folder with numeric version folders, relative to this file; none in a tensorflow-serving pool."),
  pool: text().optional().describe("The pool that serves it; default: local, the workers of this gateway."),
  versions: shortOr(all, policy)
    .prefault({ latest: DEFAULT_VERSIONS.count })
    .describe("Which versions are served: all, { latest: n } or { specific: [n] }."),
  labels: mapping(versionNumber(), labelsShape, (key) =>
    key === "" ? new Unfit("expected a label, got an empty one") : key,
  )
    .prefault({})
    .describe("Names for versions: { stable: 3 }."),
  tags: list(text()).optional().describe("Tags of the MetaGraph to serve, instead of workers.load.tags."),
  retry: yesNo().prefault(true).describe("Whether a call whose worker died is sent again although it may have run."),
  batching: batchingSchema.optional().describe("How concurrent calls are joined into one: off, or its bounds."),
}).transform(
  ({ name, path = "", pool, tags, batching, ...others }): ModelConfig => ({
    ...others,
    name: modelName(name),
    path,
    pool: pool === LOCAL_POOL ? undefined : pool,
    tags,
    batching,
  }),
);
