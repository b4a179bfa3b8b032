import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { predictionServiceRaw } from "../../../protos/index.ts";
import { encodeExamplesRequest, encodeMultiInferenceRequest } from "../../../tensor/index.ts";
import { serving } from "./health.ts";
import { spec } from "./requests.ts";
import { EXAMPLES, type Served, serve, wanted } from "./served.ts";

let served: Served;
beforeAll(async () => {
  served = await serve([
    wanted("half_plus_two", `${EXAMPLES}/half_plus_two`),
    wanted("mnist", `${EXAMPLES}/mnist_two_signatures`),
  ]);
  await serving(served.client);
});
afterAll(() => served.close());

const { Classify, Regress, MultiInference } = predictionServiceRaw;

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
    { name: "no tasks", tasks: [], code: "INVALID_ARGUMENT", message: "ModelSpec has no name specified." },
    {
      name: "a task without a name",
      tasks: [task("regress_x_to_y", { name: "" })],
      code: "INVALID_ARGUMENT",
      message: "ModelSpec has no name specified.",
    },
    {
      name: "a later task without a name",
      tasks: [task("regress_x_to_y"), task("regress_x_to_y2", { name: "" })],
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
