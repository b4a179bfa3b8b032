import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LATEST, type ModelSpec, modelName, type VersionChoice, version } from "../../../core/index.ts";
import {
  codec,
  type GetModelMetadataRequest,
  type GetModelMetadataResponse,
  predictionServiceRaw,
} from "../../../protos/index.ts";
import {
  decodePredictResponse,
  dtypeNamed,
  encodeExamplesRequest,
  encodeMultiInferenceRequest,
  encodePredictRequest,
  type PredictRequest,
  packedTensor,
  parseSignatureDefMap,
  stringTensor,
  type Tensor,
} from "../../../tensor/index.ts";
import { serving } from "./health.ts";
import { EXAMPLES, MODELS, type Served, serve, wanted } from "./served.ts";

let served: Served;
beforeAll(async () => {
  served = await serve([
    wanted("half_plus_two", `${EXAMPLES}/half_plus_two`, { labels: new Map([["stable", version(123)]]) }),
    wanted("mnist", `${EXAMPLES}/mnist_two_signatures`),
    wanted("picky", `${MODELS}/picky`),
    wanted("slow", `${MODELS}/slow`),
  ]);
  await serving(served.client);
});
afterAll(() => served.close());

const { Predict, Classify, Regress, MultiInference, GetModelMetadata } = predictionServiceRaw;

function spec(more: Partial<Omit<ModelSpec, "name">> & { readonly name?: string } = {}): ModelSpec {
  return { choice: LATEST, signature: "", ...more, name: modelName(more.name ?? "half_plus_two") };
}

const byVersion = (number: number): VersionChoice => ({ by: "version", version: version(number) });

function floats(shape: readonly number[], ...values: number[]): Tensor {
  return packedTensor(dtypeNamed("float"), shape, new Uint8Array(Float32Array.from(values).buffer));
}

const ints = (...values: number[]): Tensor =>
  packedTensor(dtypeNamed("int32"), [values.length], new Uint8Array(Int32Array.from(values).buffer));

const X = { x: floats([3, 1], 1, 2, 5) };

function predictRequest(
  asked: ModelSpec | undefined,
  inputs: Readonly<Record<string, Tensor>> = X,
  outputFilter: PredictRequest["outputFilter"] = [],
): Buffer {
  const request = { spec: asked, inputs: new Map(Object.entries(inputs)), outputFilter };
  return Buffer.from(encodePredictRequest(request, "content"));
}

describe("answers to messages that Python's client made", () => {
  /** Both sides are written by Python's classes; the answer is what TensorFlow Serving gives, in typed fields. */
  const cases = [
    {
      name: "Predict",
      method: Predict,
      request: "Cg8KDWhhbGZfcGx1c190d28SHwoBeBIaCAESCBICCAMSAggBIgwAAIA/AAAAQAAAoEA=",
      want: "Ch8KAXkSGggBEggSAggDEgIIASoMAAAgQAAAQEAAAJBAEiQKDWhhbGZfcGx1c190d28SAgh8Gg9zZXJ2aW5nX2RlZmF1bHQ=",
    },
    {
      name: "Classify, two examples",
      method: Classify,
      request:
        "CiAKDWhhbGZfcGx1c190d28aD2NsYXNzaWZ5X3hfdG9feRIoCiYKEQoPCg0KAXgSCBIGCgQAAABAChEKDwoNCgF4EggSBgoEAACgQA==",
      want: "ChIKBwoFFQAAQEAKBwoFFQAAkEASJAoNaGFsZl9wbHVzX3R3bxICCHwaD2NsYXNzaWZ5X3hfdG9feQ==",
    },
    {
      name: "Regress with a context that one example overrides, by version",
      method: Regress,
      request:
        "CiQKDWhhbGZfcGx1c190d28SAgh7Gg9yZWdyZXNzX3hfdG9feTISLBIqCgIKAAoRCg8KDQoBeBIIEgYKBAAAoEASEQoPCg0KAXgSCBIGCgQAAABA",
      want: "Cg4KBQ0AAIBACgUNAACwQBIkCg1oYWxmX3BsdXNfdHdvEgIIexoPcmVncmVzc194X3RvX3ky",
    },
    {
      name: "MultiInference, regress and classify",
      method: MultiInference,
      request:
        "Cj0KHwoNaGFsZl9wbHVzX3R3bxoOcmVncmVzc194X3RvX3kSGnRlbnNvcmZsb3cvc2VydmluZy9yZWdyZXNzCj8KIAoNaGFsZl9wbHVzX3R3bxoPY2xhc3NpZnlfeF90b195Eht0ZW5zb3JmbG93L3NlcnZpbmcvY2xhc3NpZnkSFQoTChEKDwoNCgF4EggSBgoEAAAAQA==",
      want: "Ci4KIwoNaGFsZl9wbHVzX3R3bxICCHwaDnJlZ3Jlc3NfeF90b195GgcKBQ0AAEBACjEKJAoNaGFsZl9wbHVzX3R3bxICCHwaD2NsYXNzaWZ5X3hfdG9feRIJCgcKBRUAAEBA",
    },
  ];
  for (const { name, method, request, want } of cases) {
    test(name, async () => {
      expect((await served.call(method, Buffer.from(request, "base64"))).toString("base64")).toBe(want);
    });
  }
});

describe("Predict", () => {
  const choices: readonly { name: string; choice: VersionChoice; want: bigint }[] = [
    { name: "the latest version", choice: LATEST, want: 124n },
    { name: "a version", choice: byVersion(123), want: 123n },
    { name: "a label", choice: { by: "label", label: "stable" }, want: 123n },
  ];
  for (const { name, choice, want } of choices) {
    test(`runs ${name} and says which it was`, async () => {
      const answer = decodePredictResponse(await served.call(Predict, predictRequest(spec({ choice }))));
      expect(answer.spec).toEqual({ name: "half_plus_two", version: want, signature: "serving_default" });
    });
  }

  test("answers the outputs of the filter only, in its order", async () => {
    const asked = spec({ name: "mnist", signature: "predict_images" });
    const inputs = { images: floats([1, 64], ...Array.from({ length: 64 }, () => 0)), keep_prob: floats([], 1) };
    const all = decodePredictResponse(await served.call(Predict, predictRequest(asked, inputs)));
    const names = [...all.outputs.keys()];
    for (const filter of names) {
      const one = decodePredictResponse(await served.call(Predict, predictRequest(asked, inputs, [filter])));
      expect([...one.outputs]).toEqual([[filter, all.outputs.get(filter)]]);
    }
  });

  const refused: readonly { name: string; request: Buffer; code: keyof typeof status; message: string | RegExp }[] = [
    {
      name: "no ModelSpec",
      request: predictRequest(undefined),
      code: "INVALID_ARGUMENT",
      message: "Missing ModelSpec",
    },
    {
      name: "no model name",
      request: predictRequest(spec({ name: "" })),
      code: "INVALID_ARGUMENT",
      message: "ModelSpec has no name specified.",
    },
    {
      name: "an unknown model",
      request: predictRequest(spec({ name: "nobody" })),
      code: "NOT_FOUND",
      message: "Servable not found for request: Latest(nobody)",
    },
    {
      name: "an unknown version",
      request: predictRequest(spec({ choice: byVersion(7) })),
      code: "NOT_FOUND",
      message: "Servable not found for request: Specific(half_plus_two, 7)",
    },
    {
      name: "an unknown label",
      request: predictRequest(spec({ choice: { by: "label", label: "x" } })),
      code: "INVALID_ARGUMENT",
      message: "Unrecognized servable version label: x",
    },
    {
      name: "an unknown signature",
      request: predictRequest(spec({ signature: "nope" })),
      code: "FAILED_PRECONDITION",
      message: 'Serving signature key "nope" not found.',
    },
    {
      name: "too few inputs",
      request: predictRequest(spec(), {}),
      code: "INVALID_ARGUMENT",
      message:
        "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing but required: {x}.",
    },
    {
      name: "too many inputs",
      request: predictRequest(spec(), { ...X, b: ints(1), a: ints(1) }),
      code: "INVALID_ARGUMENT",
      message:
        "input size does not match signature: 3!=1 len({a,b,x}) != len({x}). Sent extra: {a,b}. Missing but required: {}.",
    },
    {
      name: "an input of another name",
      request: predictRequest(spec(), { z: floats([1], 1) }),
      code: "INVALID_ARGUMENT",
      message: /^Signature input alias: x\(feed name: x:0\) not found in request and no default value provided/,
    },
    {
      name: "an unknown output",
      request: predictRequest(spec(), X, ["y", "q"]),
      code: "INVALID_ARGUMENT",
      message: "output tensor alias not found in signature: q Outputs expected to be in the set {y}.",
    },
    {
      name: "an output twice",
      request: predictRequest(spec(), X, ["y", "y"]),
      code: "INVALID_ARGUMENT",
      message: "duplicate output tensor alias: y",
    },
    {
      name: "a tensor that cannot be read",
      // dtype 77 is none.
      request: Buffer.concat([
        predictRequest(spec(), {}),
        Buffer.from([0x12, 0x07, 0x0a, 0x01, 0x78, 0x12, 0x02, 0x08, 0x4d]),
      ]),
      code: "INVALID_ARGUMENT",
      message: "tensor parsing error: x",
    },
    {
      name: "a dtype that the graph refuses",
      request: predictRequest(spec(), { x: ints(1) }),
      code: "INVALID_ARGUMENT",
      message: /float.*int32/,
    },
    {
      name: "values that the graph refuses",
      request: predictRequest(spec({ name: "picky", signature: "gather" }), { i: ints(9) }),
      code: "INVALID_ARGUMENT",
      message: /indices\[0\] = 9 is not in \[0, 3\)/,
    },
    {
      name: "bytes that are no message",
      request: Buffer.from("no message"),
      code: "INVALID_ARGUMENT",
      message: /malformed/,
    },
  ];
  for (const { name, request, code, message } of refused) {
    test(`refuses ${name}`, async () => {
      const error = await served.failure(Predict, request);
      expect(status[error.code]).toBe(code);
      if (typeof message === "string") expect(error.details).toBe(message);
      else expect(error.details).toMatch(message);
      expect(error.metadata.get("tensorgate-origin")).toEqual(["client"]);
    });
  }

  test("cuts an error text that is too long for a header", async () => {
    const name = "名".repeat(2_000);
    const error = await served.failure(Predict, predictRequest(spec({ name })));
    expect(error.details).toMatch(/^Servable not found for request: Latest\(名+\.\.\.TRUNCATED$/);
    expect(Buffer.byteLength(error.details)).toBeLessThanOrEqual(1024 + "...TRUNCATED".length);
  });

  test("runs for no longer than the call's deadline", async () => {
    const request = predictRequest(spec({ name: "slow" }), { x: floats([1], 1), ms: floats([], 5_000) });
    const startedMs = performance.now();
    await expect(served.call(Predict, request, 150)).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(performance.now() - startedMs).toBeLessThan(4_000);
  });

  test("takes and answers messages of many megabytes", async () => {
    const rows = 3 * 2 ** 20;
    const x = packedTensor(dtypeNamed("float"), [rows, 1], new Uint8Array(rows * 4));
    const { outputs } = decodePredictResponse(await served.call(Predict, predictRequest(spec(), { x })));
    expect(outputs.get("y")).toMatchObject({ shape: [rows, 1] });
  });
});

describe("Classify and Regress", () => {
  const one = { examples: [Buffer.alloc(0)], context: undefined };
  const request = (signature: string, input: typeof one | undefined, name = "half_plus_two"): Buffer =>
    Buffer.from(encodeExamplesRequest({ spec: spec({ signature, name }), input }));
  const cases = [
    { name: "no input", method: Classify, request: request("classify_x_to_y", undefined), message: "Input is empty." },
    {
      name: "no examples",
      method: Regress,
      request: request("regress_x_to_y", { ...one, examples: [] }),
      message: "Input is empty.",
    },
    {
      name: "an unknown signature",
      method: Classify,
      request: request("nope", one),
      message: "No signature was found with the name: nope",
    },
    {
      name: "an unknown signature to regress",
      method: Regress,
      request: request("nope", one),
      message: "No signature was found with the name: nope",
    },
    {
      name: "a signature without `inputs`",
      method: Classify,
      request: request("", one),
      message: /^No classification inputs found in SignatureDef: /,
    },
    {
      name: "a signature without `inputs` to regress",
      method: Regress,
      request: request("", one),
      message: /^No regression inputs found in SignatureDef: /,
    },
    {
      name: "a signature of two inputs",
      method: Classify,
      request: request("predict_images", one, "mnist"),
      message: "Expected one input Tensor.",
    },
    {
      name: "a signature that only regresses",
      method: Classify,
      request: request("regress_x_to_y", one),
      message: /^Expected classification signature outputs to contain at least one of/,
    },
    {
      name: "a signature that only classifies",
      method: Regress,
      request: request("classify_x_to_y", one),
      message: /^No regression outputs found in SignatureDef: /,
    },
    {
      name: "an example that the graph refuses",
      method: Regress,
      request: request("regress_x_to_y", one),
      message: /Feature: x \(data type: float\) is required/,
    },
  ];
  for (const { name, method, request, message } of cases) {
    test(`refuse ${name}`, async () => {
      const error = await served.failure(method, request);
      expect(status[error.code]).toBe("INVALID_ARGUMENT");
      if (typeof message === "string") expect(error.details).toBe(message);
      else expect(error.details).toMatch(message);
    });
  }
});

describe("MultiInference", () => {
  const REGRESS = "tensorflow/serving/regress";
  const task = (signature: string, more: { name?: string; methodName?: string } = {}) => ({
    spec: spec({ signature, name: more.name ?? "half_plus_two" }),
    methodName: more.methodName ?? REGRESS,
  });
  const cases = [
    { name: "no tasks", tasks: [], code: "INVALID_ARGUMENT", message: "Missing ModelSpec" },
    {
      name: "a task without a name",
      tasks: [task("regress_x_to_y", { name: "" })],
      code: "INVALID_ARGUMENT",
      message: "Found ModelSpec with an empty model name.",
    },
    {
      name: "tasks of two models",
      tasks: [task("regress_x_to_y"), task("x", { name: "mnist" })],
      code: "INVALID_ARGUMENT",
      message: "All ModelSpecs in a MultiInferenceRequest must access the same model name.",
    },
    {
      name: "a signature twice",
      tasks: [task("regress_x_to_y"), task("regress_x_to_y")],
      code: "INVALID_ARGUMENT",
      message: "Duplicate evaluation of signature: regress_x_to_y",
    },
    {
      name: "an unknown signature",
      tasks: [task("nope")],
      code: "INVALID_ARGUMENT",
      message: "Requested signature not found in model graph: nope",
    },
    {
      name: "another method",
      tasks: [task("regress_x_to_y", { methodName: "toString" })],
      code: "UNIMPLEMENTED",
      message: "Unsupported signature method_name: toString",
    },
    { name: "no examples", tasks: [task("regress_x_to_y")], code: "INVALID_ARGUMENT", message: "Input is empty." },
  ];
  for (const { name, tasks, code, message } of cases) {
    test(`refuses ${name}`, async () => {
      const error = await served.failure(
        MultiInference,
        Buffer.from(encodeMultiInferenceRequest({ tasks, input: undefined })),
      );
      expect([status[error.code], error.details]).toEqual([code, message]);
    });
  }
});

describe("GetModelMetadata", () => {
  const requests = codec<GetModelMetadataRequest>("tensorflow.serving.GetModelMetadataRequest");
  const responses = codec<GetModelMetadataResponse>("tensorflow.serving.GetModelMetadataResponse");

  test("answers the signatures as the model has them, with name and version", async () => {
    const request = requests.encode({ model_spec: { name: "half_plus_two" }, metadata_field: ["signature_def"] });
    const { model_spec, metadata } = responses.decode(await served.call(GetModelMetadata, request));
    expect(model_spec).toEqual({
      name: "half_plus_two",
      signature_name: "",
      version_choice: "version",
      version: { value: "124" },
    });
    expect(metadata["signature_def"]?.type_url).toBe("type.googleapis.com/tensorflow.serving.SignatureDefMap");
    const signatures = parseSignatureDefMap(metadata["signature_def"]?.value ?? Buffer.alloc(0));
    expect([...signatures.keys()]).toContain("classify_x_to_y");
  });

  const cases = [
    { name: "no ModelSpec", request: { metadata_field: ["signature_def"] }, message: "Missing ModelSpec" },
    {
      name: "no field",
      request: { model_spec: { name: "half_plus_two" } },
      message: "GetModelMetadataRequest must specify at least one metadata_field",
    },
    {
      name: "another field",
      request: { model_spec: { name: "half_plus_two" }, metadata_field: ["graph"] },
      message: "Metadata field graph is not supported",
    },
    {
      name: "no name",
      request: { model_spec: {}, metadata_field: ["signature_def"] },
      message: "ModelSpec has no name specified.",
    },
  ];
  for (const { name, request, message } of cases) {
    test(`refuses ${name}`, async () => {
      const error = await served.failure(GetModelMetadata, requests.encode(request));
      expect([status[error.code], error.details]).toEqual(["INVALID_ARGUMENT", message]);
    });
  }
});
