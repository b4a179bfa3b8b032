import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { codec, type PredictionLog, predictionServiceRaw } from "../../../protos/index.ts";
import { decodePredictResponse } from "../../../tensor/index.ts";
import { spec as modelSpec, predictRequest } from "./requests.ts";
import { EXAMPLES, MODELS, type Served, serve, testSettings, wanted } from "./served.ts";
import { framed } from "./warm-up-file.ts";

const HALF = `${EXAMPLES}/half_plus_two/00000123`;

let served: Served;
afterEach(() => served.close());

describe("a warm-up file, with TensorFlow", () => {
  const logs = codec<PredictionLog>("tensorflow.serving.PredictionLog");
  const input = { example_list: { examples: [{ features: { feature: { x: { float_list: { value: [2] } } } } }] } };
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
      await warmed(Buffer.concat(records.map((record) => framed(logs.encode(record)))));
      if (typeof want === "string") expect(await served.outcome("m")).toBe(want);
      else expect(await served.outcome("m")).toMatch(want);
    });
  }

  test("of records that Python made is replayed", async () => {
    const path = new URL("../../data/wire/messages.json", import.meta.url);
    const made = JSON.parse(await readFile(path, "utf8")) as readonly { name: string; b64: string }[];
    const kinds = ["predict", "classify", "regress", "multi_inference", "empty"].map(
      (kind) => `PredictionLog, ${kind}`,
    );
    const records = made
      .filter(({ name }) => kinds.includes(name))
      .map(({ b64 }) => framed(Buffer.from(b64, "base64")));
    expect(records).toHaveLength(kinds.length);
    await warmed(Buffer.concat(records));
    expect(await served.outcome("m")).toBe("OK ");
  });

  test("that is no TFRecord fails the load with DATA_LOSS", async () => {
    await warmed(await readFile(new URL(import.meta.url)));
    expect(await served.outcome("m")).toMatch(
      /^DATA_LOSS corrupted record at 0\. Please verify your warmup data is in TFRecord format\.$/,
    );
  });

  test("is replayed as often as is set", async () => {
    // The model counts its calls.
    const delta = { dtype: "DT_FLOAT", float_val: [1] };
    const add: object = { predict_log: { request: { model_spec: spec("add"), inputs: { delta } } } };
    await warmed(framed(logs.encode(add)), { warmupIterations: 3 }, `${MODELS}/counter/1`);
    const request = predictRequest(modelSpec({ name: "m", signature: "get" }), {});
    const { outputs } = decodePredictResponse(await served.call(predictionServiceRaw.Predict, request));
    const count = outputs.get("count");
    expect(count?.kind === "packed" && Buffer.from(count.data).readFloatLE()).toBe(3);
  });

  test("is not looked at when warm-up is turned off", async () => {
    await warmed(Buffer.from("nonsense, but nobody reads it"), { warmup: false });
    expect(await served.outcome("m")).toBe("OK ");
  });
});

/** The name and version of a record's model are not looked at. */
function spec(signature_name: string): object {
  return { name: "whoever", signature_name, version: { value: "99" } };
}

/** Serves the model, with this warm-up file, as `m`; resolves once its load has ended. */
async function warmed(
  file: Buffer,
  changes: { readonly warmup?: boolean; readonly warmupIterations?: number } = {},
  model = HALF,
): Promise<void> {
  const load = { ...testSettings().load, ...changes };
  served = await serve([], { load });
  const folder = await served.deploy(model, "m/1");
  await mkdir(join(folder, "assets.extra"));
  await writeFile(join(folder, "assets.extra/tf_serving_warmup_requests"), file);
  served.worker.apply([wanted("m", join(served.scratch, "m"))]);
  await expect.poll(() => served.states("m"), { timeout: 5_000 }).toEqual([expect.stringMatching(/AVAILABLE|END/)]);
}
