import { describe } from "vitest";
import { holds, modelsNamed, type RestCase, sharedGateway } from "./cases.ts";

const gateway = sharedGateway({ models: modelsNamed("features", "half_plus_two") });

const ask = (verb: "classify" | "regress", body: string) => ({ path: `/v1/models/features:${verb}`, body });
const signed = (signature: string, examples = "[{}]") => `{"signature_name": "${signature}", "examples": ${examples}}`;

/** What an example's features f, i and s became: [[s, f], [i, i as float]]. */
function features(example: string, s: string, f: number, i: number, context?: string): RestCase {
  const members = context === undefined ? "" : `"context": ${context}, `;
  return {
    name: `${members}${example}`,
    request: ask("classify", `{${members}"examples": [${example}]}`),
    json: {
      results: [
        [
          [s, f],
          [String(i), i],
        ],
      ],
    },
  };
}

function refused(example: string, error: string): RestCase {
  return { name: example, request: ask("classify", `{"examples": [${example}]}`), status: 400, error };
}

const value = (text: string, rest: string) => `JSON Value: ${text} ${rest}`;

describe("features", () => {
  holds(gateway, [
    features("{}", "none", -1, -1),
    features('{"s": "a", "f": 0.5, "i": 7}', "a", 0.5, 7),
    features('{"s": ["a"], "f": [0.5], "i": [7]}', "a", 0.5, 7),
    features('{"s": {"b64": "YQ=="}, "f": 1e0, "i": true}', "a", 1, 1),
    features('{"s": [{"b64": "YQ=="}], "f": 5.0, "i": false}', "a", 5, 0),
    { name: "an empty list is a feature without kind", ...features('{"s": [], "f": [], "i": []}', "none", -1, -1) },
    {
      name: "a number beyond 64 bits is a float",
      ...features('{"f": 18446744073709551616}', "none", 18446744100000000000, -1),
    },
    { name: "features that the model has not", ...features('{"other": [1, 2], "f": 2.5}', "none", 2.5, -1) },
    { name: "the last of two of one name", ...features('{"i": 1, "i": 2, "s": 5, "s": "b"}', "b", -1, 2) },
  ]);
  holds(gateway, [
    {
      name: "NaN and infinities are floats",
      request: ask(
        "classify",
        '{"signature_name": "scores", "examples": [{"f": NaN, "i": 1}, {"f": -Infinity, "i": 2}]}',
      ),
      text: '{\n    "results": [[["", NaN], ["", 1.0]], [["", -Infinity], ["", 2.0]]\n    ]\n}',
    },
    refused('{"x": [1, 1.0]}', "Unexpected element type in feature: x expecting type: int64"),
    refused('{"x": [1.0, 1]}', "Unexpected element type in feature: x expecting type: float"),
    refused('{"x": ["a", 1]}', "Unexpected element type in feature: x expecting type: bytes"),
    refused('{"x": [1, {"b64": "YQ=="}]}', "Unexpected element type in feature: x expecting type: int64"),
    refused('{"x": [1, true, "a"]}', "Unexpected element type in feature: x expecting type: int64"),
    refused('{"x": null}', "Feature: x has element with unexpected JSON type: Null"),
    refused('{"x": [[1]]}', "Feature: x has element with unexpected JSON type: Array"),
    refused('{"x": {"y": 1}}', "Feature: x has element with unexpected JSON type: Object"),
    refused('{"x": 9223372036854775808}', "Feature: x has uint64_t element. Only int64_t is supported."),
    refused('{"x": {"b64": "a"}}', "Unable to base64 decode"),
    {
      name: "no coercion: a whole number is no float",
      ...refused(
        '{"f": 2}',
        "Name: <unknown>, Key: f, Index: 0.  Data types don't match. Data type: int64 but expected type: float",
      ),
    },
  ]);
});

describe("context", () => {
  holds(gateway, [
    features("{}", "q", 0.25, -1, '{"s": "q", "f": 0.25}'),
    features('{"s": "own"}', "own", 0.25, -1, '{"s": "q", "f": 0.25}'),
    features('{"i": 3}', "none", -1, 3, "{}"),
    {
      name: "for each example",
      request: ask("regress", '{"signature_name": "flat", "context": {"f": 0.25}, "examples": [{}, {"f": 2.5}]}'),
      json: { results: [0.25, 2.5] },
    },
    {
      request: ask("classify", '{"context": [{"s": "q"}], "examples": [{}]}'),
      status: 400,
      error: "Example must be JSON object but got JSON Array",
    },
  ]);
});

describe("examples", () => {
  const nested = '{\n    "examples": {\n        "s": "a"\n    }\n}';
  for (const verb of ["classify", "regress"] as const) {
    holds(
      gateway,
      [
        ["{}", value("{}", "When method is classify, key 'examples' is expected and was not found")],
        ['{"examples": {"s": "a"}}', value(nested, "Expecting 'examples' value to be an list/array")],
        ['{"examples": []}', value('{\n    "examples": []\n}', "'examples' value is an empty array")],
        ['{"examples": [[{}]]}', "Example must be JSON object but got JSON Array"],
        ['{"examples": ["a"]}', "Example must be JSON object but got JSON String"],
        ['{"signature_name": ["a"], "examples": [{}]}', "JSON Value: {"],
        ["", "JSON Parse error: The document is empty"],
      ].map(([body = "", error = ""]) => ({ request: ask(verb, body), status: 400, error })),
    );
  }
});

describe("answers", () => {
  const two = '[{"s": "a", "f": 0.2, "i": 1}, {"s": "b", "f": 3.0, "i": 2}]';
  holds(gateway, [
    {
      name: "label and score",
      request: ask("classify", `{"examples": ${two}}`),
      text: '{\n    "results": [[["a", 0.2], ["1", 1.0]], [["b", 3.0], ["2", 2.0]]\n    ]\n}',
    },
    {
      name: "missing scores are 0.0",
      request: ask("classify", signed("classes", two)),
      text: '{\n    "results": [[["a", 0.0], ["1", 0.0]], [["b", 0.0], ["2", 0.0]]\n    ]\n}',
    },
    {
      name: 'missing classes are ""',
      request: ask("classify", signed("scores", '[{"f": 0.2, "i": 1}]')),
      text: '{\n    "results": [[["", 0.2], ["", 1.0]]\n    ]\n}',
    },
    {
      name: "values of [batch]",
      request: ask("regress", signed("flat", two)),
      text: '{\n    "results": [0.2, 3.0]\n}',
    },
    {
      name: "values of [batch, 1]",
      request: ask("regress", signed("column", two)),
      text: '{\n    "results": [0.2, 3.0]\n}',
    },
    {
      name: "method_name is not looked at",
      request: ask("regress", signed("serving_default")),
      status: 400,
      error: "Expected one output Tensor.",
    },
    {
      name: "labels and versions",
      request: {
        path: "/v1/models/half_plus_two/versions/124:classify",
        body: '{"signature_name": "classify_x_to_y", "examples": [{"x": 20.0}]}',
      },
      text: '{\n    "results": [[["", 12.0]]\n    ]\n}',
    },
  ]);
});

describe("signatures of another kind", () => {
  holds(gateway, [
    { request: ask("classify", signed("two_inputs")), status: 400, error: "Expected one input Tensor." },
    { request: ask("regress", signed("two_inputs")), status: 400, error: "Expected one input Tensor." },
    {
      request: ask("classify", signed("three_outputs")),
      status: 400,
      error: "Expected one or two output Tensors, found 3",
    },
    { request: ask("regress", signed("three_outputs")), status: 400, error: "Expected one output Tensor." },
    {
      request: ask("classify", signed("other_alias")),
      status: 400,
      error: "No classification inputs found in SignatureDef: ",
    },
    {
      request: ask("classify", signed("no_results")),
      status: 400,
      error:
        'Expected classification signature outputs to contain at least one of "classes" or "scores". Signature was: ',
    },
    {
      request: ask("regress", signed("no_results")),
      status: 400,
      error: "No regression outputs found in SignatureDef: ",
    },
    {
      request: ask("classify", signed("flat_scores")),
      status: 400,
      error: "Expected Tensor shape: [batch_size num_classes] but got [1]",
    },
    {
      request: ask("classify", signed("float_classes")),
      status: 400,
      error: "Expected classes Tensor of DT_STRING. Got: DT_FLOAT",
    },
    {
      request: ask("classify", signed("string_scores")),
      status: 400,
      error: "Expected scores Tensor of DT_FLOAT. Got: DT_STRING",
    },
    {
      request: ask("classify", signed("one_row", "[{}, {}]")),
      status: 400,
      error: "Expected scores output batch size of 2. Got: 1",
    },
    {
      request: ask("classify", signed("unequal")),
      status: 400,
      error: "Tensors class and score should match in dim_size(1). Got 2 vs. 4",
    },
    {
      request: ask("regress", signed("wide")),
      status: 400,
      error: "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [1,2]",
    },
    {
      request: ask("regress", signed("int_output")),
      status: 400,
      error: "Expected output Tensor of DT_FLOAT.  Got: DT_INT64",
    },
    {
      request: ask("regress", signed("one_value", "[{}, {}]")),
      status: 400,
      error: "Input batch size did not match output batch size: 2 vs. 1",
    },
    { request: ask("classify", signed("nobody")), status: 400, error: "No signature was found with the name: nobody" },
  ]);
});
