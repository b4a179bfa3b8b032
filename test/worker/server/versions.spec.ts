import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { LATEST, modelName, version } from "../../../core/index.ts";
import { codec, type Draft, modelService, type PredictionLog, predictionServiceRaw } from "../../../protos/index.ts";
import {
  decodePredictResponse,
  decodeRegressionResponse,
  dtypeNamed,
  encodeExamplesRequest,
  encodePredictRequest,
  packedTensor,
} from "../../../tensor/index.ts";
import { maskedCrc32c } from "../../../worker/lifecycle/tf-record.ts";
import { serving } from "./health.ts";
import { EXAMPLES, MODELS, type Served, serve, testSettings, wanted } from "./served.ts";

let served: Served;
afterEach(() => served.close());

const HALF = `${EXAMPLES}/half_plus_two`;
/** tf.Example {x: [2.0]}. */
const EXAMPLE = Buffer.from("Cg8KDQoBeBIIEgYKBAAAAEA=", "base64");

/** Which version answers, told by the graph: 4 from version 123's asset, 5 from 124's. */
async function regressed(name: string): Promise<number | undefined> {
  const spec = { name: modelName(name), choice: LATEST, signature: "regress_x_to_y2" };
  const request = encodeExamplesRequest({ spec, input: { examples: [EXAMPLE], context: undefined } });
  return decodeRegressionResponse(await served.call(predictionServiceRaw.Regress, Buffer.from(request))).values[0];
}

async function states(name: string): Promise<readonly string[]> {
  const { model_version_status: rows } = await served.call(modelService.GetModelStatus, {
    model_spec: { name, signature_name: "" },
  });
  return rows.map(({ version, state }) => `${version} ${state}`);
}

async function failureOf(name: string): Promise<string> {
  const { model_version_status: rows } = await served.call(modelService.GetModelStatus, {
    model_spec: { name, signature_name: "" },
  });
  return `${rows[0]?.status?.error_code} ${rows[0]?.status?.error_message}`;
}

/** Copies an example version into a base path of the test's own. */
async function deploy(from: string, to: string): Promise<string> {
  const folder = join(served.scratch, to);
  await cp(from, folder, { recursive: true });
  return folder;
}

describe("versions on disk, with TensorFlow", () => {
  test("one that is added while calls run becomes the latest, none of the calls fails, and the old one ends", async () => {
    served = await serve([]);
    await deploy(`${HALF}/00000123`, "m/123");
    served.worker.apply([wanted("m", join(served.scratch, "m"), { versions: { by: "latest", count: 1 } })]);
    await expect.poll(() => states("m").catch(() => [])).toEqual(["123 AVAILABLE"]);
    expect(await regressed("m")).toBe(4);
    await deploy(`${HALF}/00000124`, "m/124");
    const answers: (number | undefined)[] = [];
    while (answers.at(-1) !== 5) answers.push(await regressed("m"));
    expect(new Set(answers)).toEqual(new Set([4, 5]));
    await expect.poll(() => states("m")).toEqual(["124 AVAILABLE", "123 END"]);
    expect(await regressed("m")).toBe(5);
  });

  test("a call that runs while its version is unloaded gets its answer", async () => {
    served = await serve([wanted("slow", `${MODELS}/slow`)]);
    await serving(served.client);
    const running = predictSlow(400);
    await new Promise((resolve) => setTimeout(resolve, 100));
    served.worker.apply([]);
    await expect.poll(() => states("slow")).toEqual(["1 UNLOADING"]);
    expect(await running).toEqual([7]);
    await expect.poll(() => states("slow").catch(() => "gone")).toBe("gone");
  });

  test("bad ones fail alone, each with its reason, while the rest serve", async () => {
    served = await serve(
      ["broken_graph", "broken_variables", "unknown_op", "tags", "text"].map((name) =>
        wanted(name, `${MODELS}/${name}`),
      ),
    );
    await serving(served.client);
    for (const name of ["broken_graph", "broken_variables", "unknown_op"]) {
      expect(await states(name), name).toEqual(["1 END"]);
      expect(await failureOf(name), name).toMatch(/^[A-Z_]+ .+/);
      expect(await failureOf(name), name).not.toMatch(/^OK/);
    }
    expect(await states("text")).toEqual(["1 AVAILABLE"]);
  });

  test("a base path that is itself a SavedModel is served as version 1", async () => {
    served = await serve([wanted("m", `${HALF}/00000123`)]);
    await serving(served.client);
    expect(await states("m")).toEqual(["1 AVAILABLE"]);
    expect(await regressed("m")).toBe(4);
  });

  test("a folder without a SavedModel fails until its copy has come to its end", async () => {
    served = await serve([]);
    await mkdir(join(served.scratch, "m/1"), { recursive: true });
    served.worker.apply([wanted("m", join(served.scratch, "m"))]);
    await expect.poll(() => states("m").catch(() => [])).toEqual(["1 END"]);
    expect(await failureOf("m")).toMatch(/^NOT_FOUND /);
    await deploy(`${HALF}/00000123`, "m/1");
    await expect.poll(() => states("m"), { timeout: 5_000 }).toEqual(["1 AVAILABLE"]);
  });

  test("one that is too big for the worker's budget is refused with the figures", async () => {
    served = await serve([wanted("m", HALF)], { memoryBudgetBytes: 10 });
    await serving(served.client);
    expect(await states("m")).toEqual(["124 END", "123 END"]);
    expect(await failureOf("m")).toMatch(
      /^RESOURCE_EXHAUSTED version 124 of model m needs about [\d.]+ MiB of memory, but 0\.0 MiB/,
    );
  });
});

async function predictSlow(ms: number): Promise<readonly number[]> {
  const float = dtypeNamed("float");
  const tensor = (shape: readonly number[], value: number) =>
    packedTensor(float, shape, new Uint8Array(Float32Array.of(value).buffer));
  const spec = { name: modelName("slow"), choice: { by: "version" as const, version: version(1) }, signature: "" };
  const inputs = new Map([
    ["x", tensor([1], 7)],
    ["ms", tensor([], ms)],
  ]);
  const request = encodePredictRequest({ spec, inputs, outputFilter: [] }, "typed");
  return onlyFloats(await served.call(predictionServiceRaw.Predict, Buffer.from(request)));
}

/** The numbers of an answer with one output. */
function onlyFloats(answer: Buffer): readonly number[] {
  const [y] = decodePredictResponse(answer).outputs.values();
  return y?.kind === "packed" ? [...new Float32Array(Uint8Array.from(y.data).buffer)] : [];
}

describe("a warm-up file, with TensorFlow", () => {
  const logs = codec<PredictionLog>("tensorflow.serving.PredictionLog");
  const input = { example_list: { examples: [{ features: { feature: { x: { float_list: { value: [2] } } } } }] } };
  const spec = (signature_name: string) => ({ name: "whoever", signature_name, version: { value: "99" } });
  const regress: object = { regress_log: { request: { model_spec: spec("regress_x_to_y"), input } } };
  const x = { dtype: "DT_FLOAT", tensor_shape: { dim: [{ size: "1" }, { size: "1" }] }, float_val: [1] };
  const predict: object = { predict_log: { request: { model_spec: spec(""), inputs: { x } } } };
  const classify: object = { classify_log: { request: { model_spec: spec("classify_x_to_y"), input } } };
  const tasks = [{ model_spec: spec("regress_x_to_y"), method_name: "tensorflow/serving/regress" }];
  const multi: object = { multi_inference_log: { request: { tasks, input } } };

  const cases: readonly { name: string; records: readonly object[]; want: string | RegExp }[] = [
    { name: "of every kind makes the version ready", records: [predict, classify, regress, multi], want: "OK " },
    { name: "with a record of no kind is passed over", records: [{}, predict], want: "OK " },
    {
      name: "with a record that fails, fails the load",
      records: [predict, { predict_log: { request: { model_spec: spec("nope"), inputs: { x } } } }],
      want: 'FAILED_PRECONDITION warm-up record 2 failed: Serving signature key "nope" not found.',
    },
    {
      name: "with a session_run is refused",
      records: [{ session_run_log: { request: {} } }],
      want: "UNIMPLEMENTED warm-up record 1 failed: Unsupported log_type for warmup",
    },
    {
      name: "of more than 1000 records is refused",
      records: Array.from({ length: 1001 }, () => ({})),
      want: /^INVALID_ARGUMENT Number of warmup records exceeds the maximum \(1000\)/,
    },
  ];
  for (const { name, records, want } of cases) {
    test(name, async () => {
      await warmed(Buffer.concat(records.map((record) => framed(logs.encode(record as Draft<PredictionLog>)))));
      if (typeof want === "string") expect(await failureOf("m")).toBe(want);
      else expect(await failureOf("m")).toMatch(want);
    });
  }

  test("that is no TFRecord fails the load with DATA_LOSS", async () => {
    await warmed(await readFile(new URL(import.meta.url)));
    expect(await failureOf("m")).toMatch(
      /^DATA_LOSS corrupted record at 0\. Please verify your warmup data is in TFRecord format\.$/,
    );
  });

  test("is replayed as often as is set", async () => {
    // The model counts its calls.
    const delta = { dtype: "DT_FLOAT", float_val: [1] };
    const add: object = { predict_log: { request: { model_spec: spec("add"), inputs: { delta } } } };
    await warmed(framed(logs.encode(add as Draft<PredictionLog>)), { warmupIterations: 3 }, `${MODELS}/counter/1`);
    const get = { name: modelName("m"), choice: LATEST, signature: "get" };
    const request = encodePredictRequest({ spec: get, inputs: new Map(), outputFilter: [] }, "typed");
    expect(onlyFloats(await served.call(predictionServiceRaw.Predict, Buffer.from(request)))).toEqual([3]);
  });

  test("is not looked at when warm-up is turned off", async () => {
    await warmed(Buffer.from("nonsense, but nobody reads it"), { warmup: false });
    expect(await failureOf("m")).toBe("OK ");
  });

  async function warmed(
    file: Buffer,
    changes: { readonly warmup?: boolean; readonly warmupIterations?: number } = {},
    model = `${HALF}/00000123`,
  ): Promise<void> {
    const load = { ...testSettings().load, ...changes };
    served = await serve([], { load });
    const folder = await deploy(model, "m/1");
    await mkdir(join(folder, "assets.extra"));
    await writeFile(join(folder, "assets.extra/tf_serving_warmup_requests"), file);
    served.worker.apply([wanted("m", join(served.scratch, "m"))]);
    await expect
      .poll(() => states("m").catch(() => []), { timeout: 5_000 })
      .toEqual([expect.stringMatching(/AVAILABLE|END/)]);
  }
});

/** One record of a TFRecord file. */
function framed(data: Buffer): Buffer {
  const record = Buffer.alloc(data.length + 16);
  record.writeBigUInt64LE(BigInt(data.length));
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  data.copy(record, 12);
  record.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return record;
}
