import { describe } from "vitest";
import type { Message } from "../../setup/grpc-client.ts";
import { modelsNamed } from "../rest/cases.ts";
import { example, type GrpcCase, holds, sharedClient } from "./cases.ts";

const { client } = sharedClient({
  models: [
    ...modelsNamed("half_plus_two").map((model) => ({ ...model, versions: "all", labels: { stable: 123 } })),
    ...modelsNamed("features", "outputs"),
  ],
});

const list = (...examples: Message[]): Message => ({ example_list: { examples } });
const ONE = list(example({ f: 0.5, i: 3n, s: "a" }));

function classify(name: string, signature_name: string, input: Message | undefined = ONE): GrpcCase {
  return { name, method: "Classify", request: { model_spec: { name: "features", signature_name }, input } };
}

function regress(name: string, signature_name: string, input: Message | undefined = ONE): GrpcCase {
  return { ...classify(name, signature_name, input), method: "Regress" };
}

describe("Classify", () => {
  holds(client, [
    {
      ...classify("classes and scores, by the default signature", ""),
      answer: { model_spec: "features 1 serving_default", classifications: [["a 0.5", "3 3"]] },
    },
    {
      ...classify("classes alone have scores of 0", "classes"),
      answer: { model_spec: "features 1 classes", classifications: [["a 0", "3 0"]] },
    },
    {
      ...classify("scores alone have empty labels", "scores"),
      answer: { model_spec: "features 1 scores", classifications: [[" 0.5", " 3"]] },
    },
    {
      ...classify(
        "several examples, with what is missing at the model's default",
        "",
        list(example({ f: 1 }), example({ s: "b" })),
      ),
      answer: {
        model_spec: "features 1 serving_default",
        classifications: [
          ["none 1", "-1 -1"],
          ["b -1", "-1 -1"],
        ],
      },
    },
    {
      ...classify("an example's own feature overrides the context's", "", {
        example_list_with_context: {
          examples: [example({ i: 1n }), example({ f: 9 })],
          context: example({ f: 2, s: "c" }),
        },
      }),
      answer: {
        model_spec: "features 1 serving_default",
        classifications: [
          ["c 2", "1 1"],
          ["c 9", "-1 -1"],
        ],
      },
    },
    {
      ...classify("a context alone is merged too", "", {
        example_list_with_context: { examples: [example({ f: 1 })] },
      }),
      answer: { model_spec: "features 1 serving_default", classifications: [["none 1", "-1 -1"]] },
    },
    { name: "no ModelSpec", method: "Classify", request: { input: ONE }, error: "INVALID_ARGUMENT: Missing ModelSpec" },
    {
      name: "no name",
      method: "Classify",
      request: { model_spec: {}, input: ONE },
      error: "INVALID_ARGUMENT: ModelSpec has no name specified.",
    },
    { ...classify("an unknown signature", "s"), error: "INVALID_ARGUMENT: No signature was found with the name: s" },
    {
      ...classify("no input", "", undefined),
      request: { model_spec: { name: "features" } },
      error: "INVALID_ARGUMENT: Input is empty.",
    },
    { ...classify("an input of no kind", "", {}), error: "INVALID_ARGUMENT: Input is empty." },
    { ...classify("no examples", "", list()), error: "INVALID_ARGUMENT: Input is empty." },
    {
      ...classify("a context and no examples", "", { example_list_with_context: { context: example({ f: 1 }) } }),
      error: "INVALID_ARGUMENT: Input is empty.",
    },
    {
      ...classify("the signature is looked at before the input", "two_inputs", list()),
      error: "INVALID_ARGUMENT: Expected one input Tensor.",
    },
    {
      ...classify("another alias", "other_alias"),
      error: "INVALID_ARGUMENT: No classification inputs found in SignatureDef: ",
    },
    {
      ...classify("too many outputs", "three_outputs"),
      error: "INVALID_ARGUMENT: Expected one or two output Tensors, found 3",
    },
    {
      ...classify("neither classes nor scores", "no_results"),
      error:
        'INVALID_ARGUMENT: Expected classification signature outputs to contain at least one of "classes" or "scores". Signature was: ',
    },
    {
      ...classify("classes of another dtype", "float_classes"),
      error: "INVALID_ARGUMENT: Expected classes Tensor of DT_STRING. Got: DT_FLOAT",
    },
    {
      ...classify("scores of another dtype", "string_scores"),
      error: "INVALID_ARGUMENT: Expected scores Tensor of DT_FLOAT. Got: DT_STRING",
    },
    {
      ...classify("scores of another rank", "flat_scores"),
      error: "INVALID_ARGUMENT: Expected Tensor shape: [batch_size num_classes] but got [1]",
    },
    {
      ...classify("scores of another batch", "one_row", list(example({}), example({}))),
      error: "INVALID_ARGUMENT: Expected scores output batch size of 2. Got: 1",
    },
    {
      ...classify("as many scores as classes", "unequal"),
      error: "INVALID_ARGUMENT: Tensors class and score should match in dim_size(1). Got 2 vs. 4",
    },
    {
      ...classify("an example that is not what the graph parses", "", list(example({ f: 1n }))),
      error: "INVALID_ARGUMENT: ",
    },
    {
      ...classify("method names are not looked at", "flat"),
      error: "INVALID_ARGUMENT: Expected classification signature outputs to contain at least one of",
    },
  ]);
});

const half = (name: string, signature_name: string, spec: Message = {}): GrpcCase => ({
  name,
  method: "Regress",
  request: {
    model_spec: { name: "half_plus_two", signature_name, ...spec },
    input: list(example({ x: 2 }), example({ x: 4 })),
  },
});

describe("Regress", () => {
  holds(client, [
    { ...regress("a vector", "flat"), answer: { model_spec: "features 1 flat", regressions: [0.5] } },
    { ...regress("a column", "column"), answer: { model_spec: "features 1 column", regressions: [0.5] } },
    {
      ...half("by label", "regress_x_to_y2", { version_label: "stable" }),
      answer: { model_spec: "half_plus_two 123 regress_x_to_y2", regressions: [4, 5] },
    },
    {
      ...half("by the latest version", "regress_x_to_y2"),
      answer: { model_spec: "half_plus_two 124 regress_x_to_y2", regressions: [5, 6] },
    },
    {
      ...half("an unknown version", "regress_x_to_y", { version: { value: 7 } }),
      error: "NOT_FOUND: Servable not found for request: Specific(half_plus_two, 7)",
    },
    { ...regress("an unknown signature", "s"), error: "INVALID_ARGUMENT: No signature was found with the name: s" },
    { ...regress("no examples", "flat", list()), error: "INVALID_ARGUMENT: Input is empty." },
    { ...regress("two inputs", "two_inputs"), error: "INVALID_ARGUMENT: Expected one input Tensor." },
    { ...regress("two outputs", "serving_default"), error: "INVALID_ARGUMENT: Expected one output Tensor." },
    {
      ...half("an input of another name", "serving_default"),
      error: "INVALID_ARGUMENT: No regression inputs found in SignatureDef: ",
    },
    {
      ...regress("an output of another name", "no_results"),
      error: "INVALID_ARGUMENT: No regression outputs found in SignatureDef: ",
    },
    {
      ...regress("more than a column", "wide"),
      error:
        "INVALID_ARGUMENT: Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [1,2]",
    },
    {
      ...regress("another batch", "one_value", list(example({}), example({}))),
      error: "INVALID_ARGUMENT: Input batch size did not match output batch size: 2 vs. 1",
    },
    {
      ...regress("another dtype", "int_output"),
      error: "INVALID_ARGUMENT: Expected output Tensor of DT_FLOAT.  Got: DT_INT64",
    },
  ]);
});

describe("a classify or regress signature by Predict", () => {
  const inputs = {
    inputs: { dtype: "DT_STRING", tensor_shape: { dim: [{ size: 1 }] }, string_val: [Buffer.alloc(0)] },
  };
  holds(client, [
    {
      name: "is run as it is",
      method: "Predict",
      request: { model_spec: { name: "features", signature_name: "flat" }, inputs },
      answer: { model_spec: "features 1 flat", outputs: { outputs: "DT_FLOAT [1] float_val -1" } },
    },
    {
      name: "and a predict signature by Classify is refused",
      method: "Classify",
      request: { model_spec: { name: "outputs" }, input: ONE },
      error: "INVALID_ARGUMENT: No classification inputs found in SignatureDef: ",
    },
  ]);
});
