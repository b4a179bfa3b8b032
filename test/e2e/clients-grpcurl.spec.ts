import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { BUILD_MS, buildGrpcurl, printed } from "../setup/clients.ts";
import { testWith } from "../setup/programs.ts";
import { MODELS, ROOT, startTensorgate, type Tensorgate } from "../setup/tensorgate.ts";

/** grpcurl has no `.proto` file: all that it knows it is told by reflection. */
const test = testWith("go");

const PREDICTION = "tensorflow.serving.PredictionService";
const MODEL = "tensorflow.serving.ModelService";

let gateway: Tensorgate;
let program: string;

beforeAll(async () => {
  program = await buildGrpcurl();
  gateway = await startTensorgate({
    models: [
      { name: "half_plus_two", path: join(MODELS, "half_plus_two"), versions: "all", labels: { stable: 123 } },
      { name: "slow", path: join(ROOT, "test/data/models/slow") },
    ],
    routes: [{ match: { model: "half_plus_two", headers: { "x-tenant": "old" } }, to: [{ label: "stable" }] }],
  });
  await gateway.ready();
}, BUILD_MS);
afterAll(() => gateway[Symbol.asyncDispose]());

const grpcurl = (flags: readonly string[], ...what: readonly string[]): Promise<string> =>
  printed(program, ["-plaintext", ...flags, gateway.grpc, ...what]);

async function call(method: string, request: object, ...flags: readonly string[]): Promise<unknown> {
  return JSON.parse(await grpcurl(["-d", JSON.stringify(request), ...flags], method));
}

/** grpcurl ends with 64 and the code of the answer. */
async function failure(method: string, request: object, ...flags: readonly string[]): Promise<unknown> {
  return await call(method, request, ...flags).then(
    (answer) => ({ answer }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code: code - 64, text: stderr }),
  );
}

const float = (dims: readonly number[], values: readonly number[]) => ({
  dtype: "DT_FLOAT",
  tensorShape: { dim: dims.map((size) => ({ size })) },
  floatVal: values,
});
const x = float([3], [1, 2, 5]);
const half = { modelSpec: { name: "half_plus_two" } };

test("lists the services and their methods", async () => {
  expect((await grpcurl([], "list")).trim().split("\n")).toEqual(
    expect.arrayContaining(["grpc.health.v1.Health", MODEL, PREDICTION]),
  );
  expect((await grpcurl([], "list", PREDICTION)).trim().split("\n")).toEqual(
    ["Classify", "GetModelMetadata", "MultiInference", "Predict", "Regress"].map((name) => `${PREDICTION}.${name}`),
  );
  expect((await grpcurl([], "list", MODEL)).trim().split("\n")).toEqual(
    ["GetModelStatus", "HandleReloadConfigRequest"].map((name) => `${MODEL}.${name}`),
  );
});

test("describes PredictionService and its messages", async () => {
  expect(await grpcurl([], "describe", PREDICTION)).toContain(
    "rpc Predict ( .tensorflow.serving.PredictRequest ) returns ( .tensorflow.serving.PredictResponse );",
  );
  const request = await grpcurl([], "describe", "tensorflow.serving.PredictRequest");
  expect(request).toContain("map<string, .tensorflow.TensorProto> inputs = 2;");
  expect(request).toContain("optional bytes client_id = 6;");
  const spec = await grpcurl([], "describe", "tensorflow.serving.ModelSpec");
  expect(spec).toMatch(/oneof version_choice \{\s+\.google\.protobuf\.Int64Value version = 2;/);
});

test("predicts, by the names of protobuf's JSON and by those of the files", async () => {
  const answer = {
    outputs: { y: float([3], [2.5, 3, 4.5]) },
    modelSpec: { name: "half_plus_two", version: "124", signatureName: "serving_default" },
  };
  answer.outputs.y.tensorShape.dim = [{ size: "3" as never }];
  expect(await call(`${PREDICTION}/Predict`, { ...half, inputs: { x } })).toEqual(answer);
  const { tensorShape: tensor_shape, floatVal: float_val, dtype } = x;
  const inputs = { x: { dtype, tensor_shape, float_val } };
  expect(await call(`${PREDICTION}/Predict`, { model_spec: { name: "half_plus_two" }, inputs })).toEqual(answer);
});

test("sends metadata, which chooses a route", async () => {
  const answer = await call(`${PREDICTION}/Predict`, { ...half, inputs: { x } }, "-H", "x-tenant: old");
  expect(answer).toMatchObject({ modelSpec: { version: "123" } });
});

test("asks for the status, names as TensorFlow Serving's files have them", async () => {
  expect(await call(`${MODEL}/GetModelStatus`, half)).toEqual({
    model_version_status: ["124", "123"].map((version) => ({ version, state: "AVAILABLE", status: {} })),
  });
});

test("unpacks the metadata, whose type it finds by reflection too", async () => {
  const answer = await call(`${PREDICTION}/GetModelMetadata`, { ...half, metadataField: ["signature_def"] });
  expect(answer).toMatchObject({
    metadata: {
      signature_def: {
        "@type": "type.googleapis.com/tensorflow.serving.SignatureDefMap",
        signatureDef: { serving_default: { methodName: "tensorflow/serving/predict" } },
      },
    },
  });
});

test("asks for the health", async () => {
  expect(await call("grpc.health.v1.Health/Check", { service: PREDICTION })).toEqual({ status: "SERVING" });
});

test("is told codes and reasons", async () => {
  expect(await failure(`${PREDICTION}/Predict`, { modelSpec: { name: "nobody" } })).toEqual({
    code: 5,
    text: expect.stringContaining("Message: Servable not found for request: Latest(nobody)"),
  });
  const inputs = { x: float([1], [1]), ms: float([], [20_000]) };
  const slow = { modelSpec: { name: "slow" }, inputs };
  expect(await failure(`${PREDICTION}/Predict`, slow, "-max-time", "0.3")).toMatchObject({ code: 4 });
});
