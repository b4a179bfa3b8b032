import { describe } from "vitest";
import type { Message } from "../../setup/grpc-client.ts";
import { modelsNamed } from "../rest/cases.ts";
import { example, type GrpcCase, holds, sharedClient } from "./cases.ts";

const { client } = sharedClient({
  models: [
    ...modelsNamed("half_plus_two").map((model) => ({ ...model, versions: "all", labels: { stable: 123 } })),
    ...modelsNamed("features"),
  ],
});

const list = (...examples: Message[]): Message => ({ example_list: { examples } });
const task = (signature_name: string, method_name: string, spec: Message = {}): Message => ({
  model_spec: { name: "half_plus_two", signature_name, ...spec },
  method_name,
});

const CLASSIFY = "tensorflow/serving/classify";
const REGRESS = "tensorflow/serving/regress";

const multi = (name: string, ...tasks: Message[]): GrpcCase => ({
  name,
  method: "MultiInference",
  request: { tasks, input: list(example({ x: 2 })) },
});

describe("MultiInference", () => {
  const v123 = { version: { value: 123 } };
  holds(client, [
    {
      ...multi(
        "the results of all tasks, in their order",
        task("regress_x_to_y2", REGRESS),
        task("classify_x_to_y", CLASSIFY),
        task("regress_x_to_y", REGRESS),
      ),
      answer: {
        results: [
          { model_spec: "half_plus_two 124 regress_x_to_y2", regressions: [5] },
          { model_spec: "half_plus_two 124 classify_x_to_y", classifications: [[" 3"]] },
          { model_spec: "half_plus_two 124 regress_x_to_y", regressions: [3] },
        ],
      },
    },
    {
      ...multi(
        "the first task's version counts for all",
        task("regress_x_to_y2", REGRESS, v123),
        task("regress_x_to_y", REGRESS, { version: { value: 124 } }),
      ),
      answer: {
        results: [
          { model_spec: "half_plus_two 123 regress_x_to_y2", regressions: [4] },
          { model_spec: "half_plus_two 123 regress_x_to_y", regressions: [3] },
        ],
      },
    },
    {
      ...multi("the first task's label too", task("regress_x_to_y2", REGRESS, { version_label: "stable" })),
      answer: { results: [{ model_spec: "half_plus_two 123 regress_x_to_y2", regressions: [4] }] },
    },
    { ...multi("no tasks"), error: "INVALID_ARGUMENT: ModelSpec has no name specified." },
    {
      ...multi("a first task without a ModelSpec", { method_name: REGRESS }),
      error: "INVALID_ARGUMENT: ModelSpec has no name specified.",
    },
    {
      ...multi("a later task without a name", task("regress_x_to_y", REGRESS), { method_name: REGRESS }),
      error: "INVALID_ARGUMENT: Found ModelSpec with an empty model name.",
    },
    {
      ...multi("two models", task("regress_x_to_y", REGRESS), task("flat", REGRESS, { name: "features" })),
      error: "INVALID_ARGUMENT: All ModelSpecs in a MultiInferenceRequest must access the same model name.",
    },
    {
      ...multi("a signature twice", task("regress_x_to_y", REGRESS), task("regress_x_to_y", REGRESS)),
      error: "INVALID_ARGUMENT: Duplicate evaluation of signature: regress_x_to_y",
    },
    {
      ...multi(
        "the default signature twice",
        task("", CLASSIFY, { name: "features" }),
        task("serving_default", CLASSIFY, { name: "features" }),
      ),
      error: "INVALID_ARGUMENT: Duplicate evaluation of signature: serving_default",
    },
    {
      ...multi("an unknown signature", task("s", REGRESS)),
      error: "INVALID_ARGUMENT: Requested signature not found in model graph: s",
    },
    {
      ...multi("a method that is none of the two", task("serving_default", "tensorflow/serving/predict")),
      error: "UNIMPLEMENTED: Unsupported signature method_name: tensorflow/serving/predict",
    },
    { ...multi("no method", task("regress_x_to_y", "")), error: "UNIMPLEMENTED: Unsupported signature method_name: " },
    {
      ...multi("an unknown model", task("s", REGRESS, { name: "m" })),
      error: "NOT_FOUND: Servable not found for request: Latest(m)",
    },
    {
      ...multi("no examples", task("regress_x_to_y", REGRESS)),
      request: { tasks: [task("regress_x_to_y", REGRESS)] },
      error: "INVALID_ARGUMENT: Input is empty.",
    },
    {
      ...multi("a Predict signature", task("serving_default", REGRESS)),
      error: "INVALID_ARGUMENT: No regression inputs found in SignatureDef: ",
    },
  ]);
});
