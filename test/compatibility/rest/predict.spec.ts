import { describe } from "vitest";
import { holds, modelsNamed, predict, type RestCase, sharedGateway } from "./cases.ts";

const gateway = sharedGateway({ models: modelsNamed("half_plus_two", "every_dtype", "outputs", "strings") });

const half = (body: string) => predict("half_plus_two", body);
const plain = (body: string) => predict("outputs", body);
/** Of a signature with x: float, n: int64 and s: string. */
const three = (members: string) => predict("outputs", `{"signature_name": "three", ${members}}`);
const ints = (members: string) => predict("every_dtype", `{"signature_name": "int32", ${members}}`);

function refused(request: RestCase["request"], error: string): RestCase {
  return { request, status: 400, error };
}

const ROW = '{"x": 1, "n": 2, "s": "a"}';

const failed = (row: number, rest: string) => `Failed to process element: ${row} ${rest}`;
const inner = (row: number, error: string) => failed(row, `of 'instances' list. Error: INVALID_ARGUMENT: ${error}`);
const outputs = (value: unknown) => ({ outputs: value });

describe("rows or columns", () => {
  holds(gateway, [
    refused(
      half('{"instances": [1], "inputs": [1]}'),
      "JSON Value: {\n    \"instances\": [\n        1\n    ],\n    \"inputs\": [\n        1\n    ]\n} Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ",
    ),
    refused(half("{}"), "Missing 'inputs' or 'instances' key"),
    refused(half('{"INSTANCES": [1]}'), "Missing 'inputs' or 'instances' key"),
    refused(
      half('{"instances": {"b64": "aGk="}}'),
      'JSON Value: {\n    "instances": {\n        "b64": "aGk="\n    }\n} Expecting \'instances\' to be an list/array',
    ),
    refused(
      half('{"instances": 1}'),
      "JSON Value: {\n    \"instances\": 1\n} Expecting 'instances' to be an list/array",
    ),
    refused(half('{"instances": []}'), "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array"),
    refused(
      half('{"instances": null}'),
      "JSON Value: {\n    \"instances\": null\n} Expecting 'instances' to be an list/array",
    ),
    refused(
      half('{"signature_name": 100, "instances": [1]}'),
      'JSON Value: {\n    "signature_name": 100,\n    "instances": [\n        1\n    ]\n} not formatted correctly. \'signature_name\' key must be a string value.',
    ),
    refused(half('{"signature_name": null}'), 'JSON Value: {\n    "signature_name": null\n} not formatted correctly.'),
    { request: half('{"signature_name": "", "instances": [1]}'), json: { predictions: [2.5] } },
    { request: half('{"signature_name": "serving_default", "inputs": [1]}'), json: { outputs: [2.5] } },
  ]);
});

describe("rows", () => {
  holds(gateway, [
    {
      request: plain('{"instances": [[1, 2], [3, 4]]}'),
      json: {
        predictions: [
          [1, 2],
          [3, 4],
        ],
      },
    },
    { request: plain('{"instances": [{"x": [1]}, {"x": [2]}]}'), json: { predictions: [[1], [2]] } },
    { request: plain('{"instances": [[[]], [[]]]}'), json: { predictions: [[[]], [[]]] } },
    {
      request: three(`"instances": [${ROW}, {"s": {"b64": "Yg=="}, "n": 3, "x": 2.5}]`),
      json: {
        predictions: [
          { x: 1, n: 2, s_bytes: { b64: "YQ==" } },
          { x: 2.5, n: 3, s_bytes: { b64: "Yg==" } },
        ],
      },
    },
    {
      name: "base64 objects are values, not rows",
      request: predict("strings", '{"signature_name": "same", "instances": [{"b64": "aGk="}, "you"]}'),
      json: { predictions: ["hi", "you"] },
    },
    refused(plain('{"instances": [{"x": 1}, 2]}'), "Expecting object but got list at item 1 of input list"),
    refused(plain('{"instances": [1, {"x": 1}]}'), "Expecting value/list but got object at item 1 of input list"),
    refused(
      three('"instances": [1, 2]'),
      "instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map",
    ),
    refused(
      plain('{"instances": [{"y": 1}]}'),
      failed(0, "key: y of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not have named input: y"),
    ),
    refused(
      three('"instances": [{"x": 1, "s": "a"}]'),
      failed(0, 'of \'instances\' list. JSON object: {\n    "x": 1,\n    "s": "a"\n} keys must be equal to: n,s,x'),
    ),
    refused(plain('{"instances": [{}]}'), failed(0, "of 'instances' list. JSON object: {} keys must be equal to: x")),
    refused(
      plain('{"signature_name": "defaults", "instances": [{"x": 1}]}'),
      failed(0, "of 'instances' list. JSON object: {\n    \"x\": 1\n} keys must be equal to: k,x"),
    ),
    refused(
      three(`"instances": [${ROW}, {"x": 1, "n": 2.0, "s": "a"}]`),
      failed(
        1,
        "key: n of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: 2.0 Type: Number is not of expected type: int64",
      ),
    ),
    refused(ints('"instances": [1, "a"]'), inner(1, 'JSON Value: "a" Type: String is not of expected type: int32')),
    refused(ints('"instances": [[1, 2], [3, 4], [5, 6, 7]]'), inner(2, "Expecting tensor size: 2 but got: 3")),
    refused(ints('"instances": [[1, 2], [[3, 4]]]'), inner(1, "Expecting shape [2] but got: [1,2]")),
    refused(ints('"instances": [1, [1]]'), inner(1, "Expecting shape [] but got: [1]")),
    refused(
      ints('"instances": [[[1, 2], [3]]]'),
      inner(0, "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
    ),
    refused(ints('"instances": [[1, [2]]]'), inner(0, "Encountered list at unexpected level: 1 expected < 1")),
    refused(
      ints('"instances": [[[1], 2]]'),
      inner(0, "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
    ),
    {
      name: "an inner UNIMPLEMENTED is INVALID_ARGUMENT too",
      ...refused(
        predict("every_dtype", '{"signature_name": "complex64", "instances": [1]}'),
        "Failed to process element: 0 of 'instances' list. Error: UNIMPLEMENTED: Conversion of JSON Value: 1 to type: complex64",
      ),
    },
  ]);
});

describe("columns", () => {
  holds(gateway, [
    { request: plain('{"inputs": 5}'), json: outputs(5) },
    { request: plain('{"inputs": []}'), json: outputs([]) },
    { request: plain('{"inputs": [[], []]}'), json: outputs([[], []]) },
    { request: plain('{"inputs": [[1], [2]]}'), json: outputs([[1], [2]]) },
    { request: plain('{"inputs": {"x": [[1], [2]]}}'), json: outputs([[1], [2]]) },
    { name: "extra names are ignored", request: plain('{"inputs": {"more": [{}], "x": 1}}'), json: outputs(1) },
    {
      name: "a base64 object for the one input",
      request: predict("strings", '{"signature_name": "same", "inputs": {"b64": "aGk="}}'),
      json: outputs("hi"),
    },
    {
      name: "shapes are taken as given, without a batch rule",
      request: three('"inputs": {"x": [1, 2], "n": 7, "s": [["a"], ["b"], ["c"]]}'),
      json: outputs({ x: [1, 2], n: 7, s_bytes: [[{ b64: "YQ==" }], [{ b64: "Yg==" }], [{ b64: "Yw==" }]] }),
    },
    refused(three('"inputs": {"x": 1, "s": "a"}'), "Missing named input: n in 'inputs' object."),
    refused(plain('{"inputs": {}}'), "Missing named input: x in 'inputs' object."),
    refused(plain('{"signature_name": "defaults", "inputs": {"x": 1}}'), "Missing named input: k in 'inputs' object."),
    refused(
      three('"inputs": [1]'),
      "inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map",
    ),
    refused(ints('"inputs": null'), "JSON Value: null Type: Null is not of expected type: int32"),
    refused(ints('"inputs": [[1, 2], [3]]'), "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
    refused(ints('"inputs": [1, [2]]'), "Encountered list at unexpected level: 1 expected < 1"),
    refused(
      ints('"inputs": [[1], 2]'),
      "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
    ),
    refused(
      ints('"inputs": [[1, 2], [3, 4, "five"]]'),
      "Encountered list at unexpected size: 3 at level: 1 expected size: 2",
    ),
    {
      name: "a bare UNIMPLEMENTED is 501",
      ...refused(
        predict("every_dtype", '{"signature_name": "complex64", "inputs": 1}'),
        "Conversion of JSON Value: 1 to type: complex64",
      ),
      status: 501,
    },
    { name: "the declared shape is not enforced", request: half('{"inputs": [[[1]]]}'), json: outputs([[[2.5]]]) },
  ]);
});

describe("a long value is quoted in part", () => {
  const error = `JSON Value: {\n    "signature_name": 5,\n    "instances": [\n        "${"x".repeat(150)}`;
  holds(gateway, [refused(half(`{"signature_name": 5, "instances": ["${"x".repeat(10_000)}"]}`), error)]);
});
