import { describe, expect, test } from "vitest";
import type { DTypeName } from "../../../tensor/index.ts";
import { valuesOf } from "../proto/wire-data.ts";
import { decode, failureOf } from "./support.ts";

type Inputs = Readonly<Record<string, DTypeName | undefined>>;

const INT: Inputs = { x: "int32" };
const TWO: Inputs = { a: "float", b: "string" };

describe("inputs", () => {
  for (const { name, body, inputs, want } of [
    { name: "a bare value", body: '{"inputs": 5}', inputs: INT, want: { x: { shape: [], values: [5] } } },
    {
      name: "a list",
      body: '{"inputs": [[1, 2], [3, 4]]}',
      inputs: INT,
      want: { x: { shape: [2, 2], values: [1, 2, 3, 4] } },
    },
    { name: "an empty list", body: '{"inputs": []}', inputs: INT, want: { x: { shape: [0], values: [] } } },
    { name: "empty lists", body: '{"inputs": [[], []]}', inputs: INT, want: { x: { shape: [2, 0], values: [] } } },
    {
      name: "a base64 object",
      body: '{"inputs": {"b64": "aGk="}}',
      inputs: { s: "string" },
      want: { s: { shape: [], values: ["aGk="] } },
    },
    {
      name: "the one input by name",
      body: '{"inputs": {"x": [1]}}',
      inputs: INT,
      want: { x: { shape: [1], values: [1] } },
    },
    {
      name: "several inputs, without a rule on their sizes; names that the signature has not are passed over",
      body: '{"inputs": {"b": "hi", "other": [{}], "a": [[1], [2]]}}',
      inputs: TWO,
      want: { a: { shape: [2, 1], values: [1, 2] }, b: { shape: [], values: ["aGk="] } },
    },
    {
      name: "a name twice: the first counts",
      body: '{"inputs": {"x": 1, "x": "no"}}',
      inputs: INT,
      want: { x: { shape: [], values: [1] } },
    },
    {
      name: "an empty list of a dtype without JSON",
      body: '{"inputs": []}',
      inputs: { x: "complex64" },
      want: { x: { shape: [0], values: [] } },
    },
  ] satisfies { name: string; body: string; inputs: Inputs; want: object }[]) {
    test(name, () => {
      const { format, inputs: tensors } = decode(body, inputs);
      expect(format).toBe("columnar");
      const got = [...tensors].map(([key, tensor]) => [key, { shape: tensor.shape, values: valuesOf(tensor) }]);
      expect(Object.fromEntries(got)).toEqual(want);
    });
  }
});

describe("inputs are refused", () => {
  for (const { name, value, inputs = INT, want } of [
    {
      name: "a missing name",
      value: '{"a": 1}',
      inputs: TWO,
      want: "INVALID_ARGUMENT: Missing named input: b in 'inputs' object.",
    },
    {
      name: "a bare value for several inputs",
      value: "[1]",
      inputs: TWO,
      want: "INVALID_ARGUMENT: inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map",
    },
    {
      name: "a base64 object for several inputs",
      value: '{"b64": "aa=="}',
      inputs: TWO,
      want: "INVALID_ARGUMENT: inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map",
    },
    {
      name: "a list that is too short",
      value: "[[1, 2], [3]]",
      want: "INVALID_ARGUMENT: Encountered list at unexpected size: 1 at level: 1 expected size: 2",
    },
    {
      name: "a list that is too long",
      value: "[[1], [2, 3]]",
      want: "INVALID_ARGUMENT: Encountered list at unexpected size: 2 at level: 1 expected size: 1",
    },
    {
      name: "a list that should be empty",
      value: "[[], [1]]",
      want: "INVALID_ARGUMENT: Encountered list at unexpected size: 1 at level: 1 expected size: 0",
    },
    {
      name: "a list among values",
      value: "[1, [2]]",
      want: "INVALID_ARGUMENT: Encountered list at unexpected level: 1 expected < 1",
    },
    {
      name: "a value among lists",
      value: "[[1], 2]",
      want: "INVALID_ARGUMENT: JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
    },
    {
      name: "an object in a list of numbers",
      value: "[{}]",
      want: "INVALID_ARGUMENT: JSON Value: {} Type: Object is not of expected type: int32",
    },
    // The size of a list is known before its values are looked at, so it is complained of first.
    {
      name: "a wrong size before a wrong value in it",
      value: '[[1, 2], ["a"]]',
      want: "INVALID_ARGUMENT: Encountered list at unexpected size: 1 at level: 1 expected size: 2",
    },
    {
      name: "a wrong size that shows after a wrong value",
      value: '[[[1], [2]], [["a"], [3], [4]]]',
      want: "INVALID_ARGUMENT: Encountered list at unexpected size: 3 at level: 1 expected size: 2",
    },
    {
      name: "the outermost of two wrong sizes",
      value: "[[[1], [2]], [[3, 4]]]",
      want: "INVALID_ARGUMENT: Encountered list at unexpected size: 1 at level: 1 expected size: 2",
    },
    {
      name: "a wrong value in a list of the right size",
      value: '[[1, 2], ["a", 3]]',
      want: 'INVALID_ARGUMENT: JSON Value: "a" Type: String is not of expected type: int32',
    },
    {
      name: "a wrong value before a wrong size further on",
      value: '[[1, "a"], [1]]',
      want: 'INVALID_ARGUMENT: JSON Value: "a" Type: String is not of expected type: int32',
    },
    {
      name: "a dtype without JSON",
      value: "[1.50]",
      inputs: { x: "complex64" },
      want: "UNIMPLEMENTED: Conversion of JSON Value: 1.5 to type: complex64",
    },
    {
      name: "DT_INVALID",
      value: "[1]",
      inputs: { x: undefined },
      want: "UNIMPLEMENTED: Conversion of JSON Value: 1 to type: INVALID",
    },
    {
      name: "an object for a dtype without JSON",
      value: '{"x": [{}]}',
      inputs: { x: "qint8" },
      want: "INVALID_ARGUMENT: JSON Value: {} Type: Object is not of expected type: qint8",
    },
  ] satisfies { name: string; value: string; inputs?: Inputs; want: string }[]) {
    test(name, () => expect(failureOf(() => decode(`{"inputs": ${value}}`, inputs))).toBe(want));
  }
});
