import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GrpcClient } from "../setup/grpc-client.ts";
import { expectOutcomes, shadowOutcomes } from "../setup/shadow-figures.ts";
import { MODELS, ROOT, startTensorgate, type Tensorgate } from "../setup/tensorgate.ts";

const half = "half_plus_two";

/** A route for requests that name it in a header. */
function route(name: string, rest: Record<string, unknown>): Record<string, unknown> {
  return { name, match: { model: half, headers: { "x-case": name } }, to: [{ version: 123 }], ...rest };
}

const CONFIG = {
  models: [
    { name: half, path: join(MODELS, half), versions: "all" },
    { name: "outputs", path: join(ROOT, "test/data/models/outputs") },
    { name: "failing", path: join(ROOT, "test/data/models/failing") },
  ],
  routes: [
    route("mirror", { shadow: { version: 124, samplesPerMinute: 2 } }),
    route("part", { shadow: { version: 124, percent: "30%" } }),
    route("failing", { shadow: { model: "failing", signature: "data_loss" } }),
    route("small", { shadow: { version: 124, maxBytes: 8 } }),
    route("renamed", { shadow: { version: 124, signature: "regress_x_to_y2" } }),
    route("strays", { to: [{ model: "failing", signature: "data_loss" }], shadow: { version: 124 } }),
    { name: "long", match: { model: "outputs" }, to: [{ version: 1 }], shadow: [{ version: 1 }, { model: half }] },
    route("defaults", {
      to: [{ version: 7 }],
      defaultOutputs: { y: [9] },
      shadow: { version: 124 },
    }),
    route("absent", { shadow: [{ version: 7 }, { version: 124 }] }),
  ],
};

let gateway: Tensorgate;
let grpc: GrpcClient;

beforeAll(async () => {
  gateway = await startTensorgate(CONFIG);
  await gateway.ready();
  grpc = new GrpcClient(gateway.grpc);
});
afterAll(async () => {
  grpc.close();
  await gateway[Symbol.asyncDispose]();
});

async function ask(name: string, verb: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${gateway.rest}/v1/models/${half}:${verb}`, {
    method: "POST",
    headers: { "x-case": name },
    body: JSON.stringify(body),
  });
  return response.json();
}

const predict = (name: string): Promise<unknown> => ask(name, "predict", { instances: [[1], [3]] });
const y2 = { signature_name: "regress_x_to_y2", examples: [{ x: 2.5 }, { x: 3.5 }] };

async function figures(pattern: RegExp): Promise<string[]> {
  const { text } = await gateway.get("/metrics");
  return text.split("\n").filter((line) => pattern.test(line));
}

test("answers over REST and gRPC are compared with those of the copy, by output and by row", async () => {
  expect(await predict("mirror")).toEqual({ predictions: [[2.5], [3.5]] });
  expect(await ask("mirror", "regress", y2)).toEqual({ results: [4.25, 4.75] });
  expect(await ask("mirror", "classify", { signature_name: "classify_x_to_y", examples: [{ x: 2.5 }] })).toEqual({
    results: [[["", 3.25]]],
  });
  const model_spec = { name: half, signature_name: "serving_default" };
  const x = { dtype: "DT_FLOAT", tensor_shape: { dim: [{ size: 2 }, { size: 1 }] }, float_val: [1, 3] };
  const answer = await grpc.call("Predict", { model_spec, inputs: { x } }, { metadata: { "x-case": "mirror" } });
  expect(answer["outputs"].y.float_val).toEqual([2.5, 3.5]);
  expect(answer["model_spec"].version.value).toBe("123");

  await expectOutcomes(gateway, "mirror", { equal: 3, different: 1 });
  expect(await figures(/^tensorgate_shadow_rows_total\{route="mirror"/)).toEqual([
    'tensorgate_shadow_rows_total{route="mirror",target="124",output="y",agreement="agree"} 4',
    'tensorgate_shadow_rows_total{route="mirror",target="124",output="y",agreement="disagree"} 0',
    'tensorgate_shadow_rows_total{route="mirror",target="124",output="outputs",agreement="agree"} 0',
    'tensorgate_shadow_rows_total{route="mirror",target="124",output="outputs",agreement="disagree"} 2',
    'tensorgate_shadow_rows_total{route="mirror",target="124",output="classes",agreement="agree"} 1',
    'tensorgate_shadow_rows_total{route="mirror",target="124",output="classes",agreement="disagree"} 0',
  ]);
  expect(await figures(/^tensorgate_shadow_max_abs_difference_(sum|count)\{.*"outputs"/)).toEqual([
    'tensorgate_shadow_max_abs_difference_sum{route="mirror",target="124",output="outputs"} 1',
    'tensorgate_shadow_max_abs_difference_count{route="mirror",target="124",output="outputs"} 1',
  ]);
});

test("answers that differ are logged with an excerpt, at most so many in a minute", async () => {
  for (let i = 0; i < 4; i++) await ask("mirror", "regress", y2);
  await expect.poll(async () => (await shadowOutcomes(gateway, "mirror"))["different"]).toBeGreaterThanOrEqual(4);
  // Lines may come a moment late, but in their order.
  await gateway.get("/v1/models/of-no-interest");
  await gateway.logged((line) => JSON.stringify(line).includes("of-no-interest"));
  const lines = gateway.log.filter((line) => line.msg === "shadow answers differ");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatchObject({
    route: "mirror",
    target: "124",
    callerVersion: `${half} 123`,
    copyVersion: `${half} 124`,
    output: "outputs",
    maxAbsDifference: 1,
    rows: 2,
    disagreeingRows: 2,
    callerValues: "[4.25]",
    copyValues: "[5.25]",
  });
});

test("30 % of the calls are copied", async () => {
  const calls = 400;
  for (let i = 0; i < calls; i++) await predict("part");
  const bound = 4 * Math.sqrt(0.3 * 0.7 * calls);
  await expect
    .poll(async () => Math.abs(((await shadowOutcomes(gateway, "part"))["equal"] ?? 0) - 0.3 * calls))
    .toBeLessThan(bound);
});

test("a shadow that fails, or is not there, is counted and not seen by the caller", async () => {
  expect(await predict("failing")).toEqual({ predictions: [[2.5], [3.5]] });
  await expectOutcomes(gateway, "failing", { error: 1 });
  expect(await predict("absent")).toEqual({ predictions: [[2.5], [3.5]] });
  await expectOutcomes(gateway, "absent", { error: 1, equal: 1 });
});

test("a call whose own target fails is copied all the same, and compared with nothing", async () => {
  expect(await predict("strays")).toHaveProperty("error");
  await expectOutcomes(gateway, "strays", { uncompared: 1 });
  // So is one that its route has answered by itself.
  expect(await predict("defaults")).toEqual({ predictions: [[9], [9]] });
  await expectOutcomes(gateway, "defaults", { uncompared: 1 });
});

test("a copy over a limit is dropped", async () => {
  expect(await predict("small")).toEqual({ predictions: [[2.5], [3.5]] });
  await expectOutcomes(gateway, "small", { dropped: 1 });
});

test("long bodies and answers over REST and gRPC stay whole under their copies", async () => {
  // One goes through the threads that read and write JSON, the other has memory that is used again.
  const values = Float32Array.from({ length: 700_000 }, (_, i) => i / 7);
  const body = { instances: Array.from(values) };
  const x = { dtype: "DT_FLOAT", tensor_shape: { dim: [{ size: values.length }] }, float_val: body.instances };
  const request = { model_spec: { name: "outputs" }, inputs: { x } };
  // A matcher would take seconds to walk through them.
  const isWhole = (answered: readonly number[]): boolean =>
    Buffer.from(Float32Array.from(answered).buffer).equals(Buffer.from(values.buffer));
  for (let i = 0; i < 2; i++) {
    const [rest, raw] = await Promise.all([gateway.predict("outputs", body), grpc.call("Predict", request)]);
    expect([isWhole(rest.json.predictions), isWhole(raw["outputs"].y.float_val)]).toEqual([true, true]);
  }
  await expectOutcomes(gateway, "long", { equal: 4, different: 4 });
});

test("a copy runs the signature that its shadow names", async () => {
  expect(await ask("renamed", "regress", { ...y2, signature_name: "regress_x_to_y" })).toEqual({
    results: [3.25, 3.75],
  });
  await expectOutcomes(gateway, "renamed", { different: 1 });
  const line = await gateway.logged((each) => each["route"] === "renamed");
  expect(line).toMatchObject({ callerValues: "[3.25]", copyValues: "[5.25]", maxAbsDifference: 2 });
});

test("copies count neither as requests nor in the access log", async () => {
  const before = gateway.log.length;
  await predict("mirror");
  await gateway.logged((line) => gateway.log.indexOf(line) >= before && line["path"] !== "/metrics");
  const [requests = ""] = await figures(/^tensorgate_requests_total\{.*version="124"/);
  expect(requests).toBe("");
});
