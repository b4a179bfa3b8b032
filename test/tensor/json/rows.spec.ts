import { describe, expect, test } from "vitest";
import type { DTypeName } from "../../../tensor/index.ts";
import { valuesOf } from "../proto/wire-data.ts";
import { decode, failureOf } from "./support.ts";

type Inputs = Readonly<Record<string, DTypeName | undefined>>;

const INT: Inputs = { x: "int32" };
const TWO: Inputs = { a: "float", b: "int32" };

describe("instances", () => {
  for (const { name, body, inputs, want } of [
    { name: "scalars", body: '{"instances": [1, 2, 3]}', inputs: INT, want: { x: { shape: [3], values: [1, 2, 3] } } },
    {
      name: "lists",
      body: '{"instances": [[1, 2], [3, 4]]}',
      inputs: INT,
      want: { x: { shape: [2, 2], values: [1, 2, 3, 4] } },
    },
    { name: "empty lists", body: '{"instances": [[], []]}', inputs: INT, want: { x: { shape: [2, 0], values: [] } } },
    {
      name: "empty lists in lists",
      body: '{"instances": [[[], []], [[], []]]}',
      inputs: INT,
      want: { x: { shape: [2, 2, 0], values: [] } },
    },
    {
      name: "objects of the one input",
      body: '{"instances": [{"x": [1]}, {"x": [2]}]}',
      inputs: INT,
      want: { x: { shape: [2, 1], values: [1, 2] } },
    },
    {
      name: "objects of several inputs, in any order",
      body: '{"instances": [{"a": [1.5, 2], "b": 7}, {"b": 8, "a": [3, 4]}]}',
      inputs: TWO,
      want: { a: { shape: [2, 2], values: [1.5, 2, 3, 4] }, b: { shape: [2], values: [7, 8] } },
    },
    {
      name: "a name twice: the first counts",
      body: '{"instances": [{"a": 1, "b": 2, "a": [9, "x"]}]}',
      inputs: TWO,
      want: { a: { shape: [1], values: [1] }, b: { shape: [1], values: [2] } },
    },
    {
      name: "a name with escapes",
      body: String.raw`{"instances": [{"\u0061": 1, "b": 2}]}`,
      inputs: TWO,
      want: { a: { shape: [1], values: [1] }, b: { shape: [1], values: [2] } },
    },
    {
      name: "base64 objects are values, not rows",
      body: '{"instances": [{"b64": "aGVsbG8="}, {"b64": "d29ybGQ="}]}',
      inputs: { s: "string" },
      want: { s: { shape: [2], values: ["aGVsbG8=", "d29ybGQ="] } },
    },
    {
      name: "an object named b64 that is no base64 object is a row",
      body: '{"instances": [{"b64": 5}]}',
      inputs: { b64: "int32" },
      want: { b64: { shape: [1], values: [5] } },
    },
    {
      name: "the first of two members counts",
      body: '{"instances": [1], "instances": ["x"]}',
      inputs: INT,
      want: { x: { shape: [1], values: [1] } },
    },
    {
      name: "other members do not matter",
      body: '{"other": {"instances": 1}, "instances": [1], "x": null}',
      inputs: INT,
      want: { x: { shape: [1], values: [1] } },
    },
  ] satisfies { name: string; body: string; inputs: Inputs; want: object }[]) {
    test(name, () => {
      const { format, inputs: tensors } = decode(body, inputs);
      expect(format).toBe("row");
      const got = [...tensors].map(([key, tensor]) => [key, { shape: tensor.shape, values: valuesOf(tensor) }]);
      expect(Object.fromEntries(got)).toEqual(want);
    });
  }
});

const ROW = (i: number, key = ""): string =>
  `INVALID_ARGUMENT: Failed to process element: ${i} ${key}of 'instances' list. Error: `;

describe("instances are refused", () => {
  for (const { name, body, inputs = INT, want } of [
    {
      name: "beside inputs",
      body: '{"instances": [1], "inputs": [1]}',
      want: /^INVALID_ARGUMENT: JSON Value: \{\n {4}"instances": \[\n {8}1\n {4}\],\n {4}"inputs": [^]* Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist $/,
    },
    { name: "neither", body: '{"x": [1]}', want: "INVALID_ARGUMENT: Missing 'inputs' or 'instances' key" },
    {
      name: "no list",
      body: '{"instances": {"x": 1}}',
      want: /^INVALID_ARGUMENT: JSON Value: [^]* Expecting 'instances' to be an list\/array$/,
    },
    {
      name: "an empty list",
      body: '{"instances": [ ]}',
      want: /^INVALID_ARGUMENT: JSON Value: [^]* No values in 'instances' array$/,
    },
    {
      name: "no inputs in the signature",
      body: '{"instances": [1]}',
      inputs: {},
      want: "INVALID_ARGUMENT: Failed to get input map for signature: DEFAULT",
    },
    {
      name: "no inputs in a named signature",
      body: '{"signature_name": "s", "instances": [1]}',
      inputs: {},
      want: "INVALID_ARGUMENT: Failed to get input map for signature: s",
    },
    {
      name: "a list among objects",
      body: '{"instances": [{"x": 1}, [2]]}',
      want: "INVALID_ARGUMENT: Expecting object but got list at item 1 of input list",
    },
    {
      name: "an object among lists",
      body: '{"instances": [[1], [2], {"x": 1}]}',
      want: "INVALID_ARGUMENT: Expecting value/list but got object at item 2 of input list",
    },
    {
      name: "a base64 object among rows",
      body: '{"instances": [{"x": 1}, {"b64": "aa=="}]}',
      want: "INVALID_ARGUMENT: Expecting object but got list at item 1 of input list",
    },
    {
      name: "plain values for several inputs",
      body: '{"instances": [1]}',
      inputs: TWO,
      want: "INVALID_ARGUMENT: instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map",
    },
    {
      name: "an unknown name",
      body: '{"instances": [{"a": 1, "b": 1}, {"a": 1, "c": 2}]}',
      inputs: TWO,
      want: `${ROW(1, "key: c ")}INVALID_ARGUMENT: JSON object: does not have named input: c`,
    },
    {
      name: "a missing name",
      body: '{"instances": [{"b": 1}]}',
      inputs: { b: "int32", a: "float" },
      want: `INVALID_ARGUMENT: Failed to process element: 0 of 'instances' list. JSON object: {\n    "b": 1\n} keys must be equal to: a,b`,
    },
    {
      name: "another count",
      body: '{"instances": [[1, 2], [3]]}',
      want: `${ROW(1)}INVALID_ARGUMENT: Expecting tensor size: 2 but got: 1`,
    },
    {
      name: "another shape of the same count",
      body: '{"instances": [[1, 2], [[3, 4]]]}',
      want: `${ROW(1)}INVALID_ARGUMENT: Expecting shape [2] but got: [1,2]`,
    },
    {
      name: "a scalar, then a list",
      body: '{"instances": [1, [2]]}',
      want: `${ROW(1)}INVALID_ARGUMENT: Expecting shape [] but got: [1]`,
    },
    {
      name: "another shape under a name",
      body: '{"instances": [{"a": [1], "b": 1}, {"a": [1, 2], "b": 1}]}',
      inputs: TWO,
      want: `${ROW(1, "key: a ")}INVALID_ARGUMENT: Expecting tensor size: 1 but got: 2`,
    },
    {
      name: "a ragged element",
      body: '{"instances": [[[1, 2], [3]]]}',
      want: `${ROW(0)}INVALID_ARGUMENT: Encountered list at unexpected size: 1 at level: 1 expected size: 2`,
    },
    {
      name: "a value of another type",
      body: '{"instances": [1, "a"]}',
      want: `${ROW(1)}INVALID_ARGUMENT: JSON Value: "a" Type: String is not of expected type: int32`,
    },
    {
      name: "a dtype without JSON: what was UNIMPLEMENTED is INVALID_ARGUMENT here",
      body: '{"instances": [1]}',
      inputs: { x: "complex64" },
      want: `${ROW(0)}UNIMPLEMENTED: Conversion of JSON Value: 1 to type: complex64`,
    },
    {
      name: "deeper than any tensor",
      body: `{"instances": [${"[".repeat(100_000)}${"]".repeat(100_000)}]}`,
      want: `${ROW(0)}INVALID_ARGUMENT: lists are nested more than 254 deep, which no tensor is`,
    },
  ] satisfies { name: string; body: string; inputs?: Inputs; want: string | RegExp }[]) {
    test(name, () => {
      const failure = failureOf(() => decode(body, inputs));
      if (typeof want === "string") expect(failure).toBe(want);
      else expect(failure).toMatch(want);
    });
  }
});
