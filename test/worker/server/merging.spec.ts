import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import {
  codec,
  type PredictionLog,
  type VersionReport,
  type WatchResponse,
  workerControl,
} from "../../../protos/index.ts";
import { MODELS, type Served, serve, testSettings, wanted } from "./served.ts";
import { framed } from "./warm-up-file.ts";

let served: Served;
afterEach(() => served.close());

const logs = codec<PredictionLog>("tensorflow.serving.PredictionLog");

/** Serves the test model with these warm-up requests; what is told of merging, by signature. */
async function told(model: string, records: readonly object[], warmup = true): Promise<ReadonlyMap<string, string>> {
  served = await serve([], { load: { ...testSettings().load, warmup } });
  const folder = await served.deploy(`${MODELS}/${model}/1`, "m/1");
  await mkdir(join(folder, "assets.extra"));
  const file = Buffer.concat(records.map((record) => framed(logs.encode(record))));
  await writeFile(join(folder, "assets.extra/tf_serving_warmup_requests"), file);
  served.worker.apply([wanted("m", join(served.scratch, "m"), { mergeProof: { relative: 1e-4, absolute: 1e-6 } })]);
  const { merging } = await available();
  return new Map(merging.map(({ signature, verdict, reason }) => [signature, `${verdict} ${reason}`]));
}

async function available(): Promise<VersionReport> {
  const { path, requestSerialize, responseDeserialize } = workerControl.Watch;
  const stream = served.client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {});
  let last: VersionReport | undefined;
  stream.on("data", ({ models }: WatchResponse) => {
    last = models[0]?.versions[0] ?? last;
  });
  stream.on("error", () => {});
  await vi.waitFor(() => expect(last?.state).toBe("AVAILABLE"), 10_000);
  stream.cancel();
  return last as VersionReport;
}

function predict(word: string): object {
  const words = { dtype: "DT_STRING", tensor_shape: { dim: [{ size: "1" }] }, string_val: [Buffer.from(word)] };
  return { predict_log: { request: { model_spec: spec("words"), inputs: { words } } } };
}

function examples(signature: string, f: number): object {
  const example = { features: { feature: { f: { float_list: { value: [f] } } } } };
  return { request: { model_spec: spec(signature), input: { example_list: { examples: [example] } } } };
}

function spec(signature_name: string): object {
  return { name: "m", signature_name };
}

test("warm-up requests give rows of strings and of examples to those that nothing else could prove", async () => {
  const merging = await told("company", [predict("one"), predict("two")]);
  expect(merging.get("words")).toBe("PROVEN ");
  expect(merging.get("joined_words")).toMatch(/^UNPROVEN no rows of string/);
});

test("classify and regress requests do as well", async () => {
  const merging = await told("features", [
    ...[1, 2].map((f) => ({ classify_log: examples("classes", f) })),
    {},
    ...[1, 2].map((f) => ({ regress_log: examples("flat", f) })),
  ]);
  expect(merging.get("flat")).toBe("PROVEN ");
  expect(merging.get("classes")).toMatch(/^UNPROVEN rows that differ were all answered alike/);
  expect(merging.get("scores")).toMatch(/^UNPROVEN no rows of string/);
});

test("nothing runs where warm-up is off: what the graph alone refuses stays refused", async () => {
  const merging = await told("company", [predict("one"), predict("two")], false);
  expect(merging.get("words")).toBe("UNPROVEN warm-up is off");
  expect(merging.get("plain")).toBe("UNPROVEN warm-up is off");
  expect(merging.get("counter")).toMatch(/^REFUSED AssignAddVariableOp/);
});
