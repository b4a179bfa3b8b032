import { describe, expect, test } from "vitest";
import { decodeExamples, parseRequestBody } from "../../../tensor/index.ts";
import { MESSAGES, unbase64 } from "../proto/wire-data.ts";
import { bytesOf, failureOf } from "./support.ts";

function decode(body: string): ReturnType<typeof decodeExamples> {
  return decodeExamples(parseRequestBody(bytesOf(body)));
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString("hex");
}

/** The tf.Example that Python wrote under this name. */
function python(name: string): string | undefined {
  const record = MESSAGES.find((message) => message.name === `Example, ${name}`);
  return record && hex(unbase64(record.b64));
}

describe("examples become the tf.Example that Python writes", () => {
  for (const { name, example } of [
    {
      name: "all kinds",
      // In the order of Python's deterministic serialization.
      example: '{"id": [1, -1, 9223372036854775807], "label": ["cat", {"b64": "/w=="}], "none": [], "x": 2.0}',
    },
    { name: "special floats", example: '{"x": [0.1, NaN, Infinity, -0.0], "特征": "文本"}' },
    { name: "nothing", example: "{}" },
  ]) {
    test(name, () => expect(decode(`{"examples": [${example}]}`).examples.map(hex)).toEqual([python(name)]));
  }
});

function one(feature: string): string | undefined {
  return hex(decode(`{"examples": [{"x": ${feature}}]}`).examples[0]);
}

describe("features", () => {
  for (const [name, left, right] of [
    ["a value is a list of one", "5", "[5]"],
    ["true and false are int64", "[true, false, 2]", "[1, 0, 2]"],
    ["a whole number beyond 64 bits is a float", "18446744073709551616", "18446744073709551616.0"],
    ["base64 is a string of bytes", '{"b64": "aGk="}', '"hi"'],
    ["a float is rounded from the double", "[16777217.0]", "[16777216.0]"],
    ["a double beyond float is infinite", "[1e300]", "[Infinity]"],
  ] as const) {
    test(name, () => expect(one(left)).toBe(one(right)));
  }

  test("two of one name are both written, for the last to count", () => {
    const [both, first, last] = decode('{"examples": [{"x": 1, "x": ["a"]}, {"x": 1}, {"x": ["a"]}]}').examples;
    // Each behind the tag and length of its `features`.
    expect(hex(both?.subarray(2))).toBe(`${hex(first?.subarray(2))}${hex(last?.subarray(2))}`);
  });

  test("many values make the lists grow", () => {
    const many = Array.from({ length: 1000 }, (_, i) => i);
    const ints = one(JSON.stringify(many)) as string;
    expect(ints.length).toBeGreaterThan(2 * 1000);
    expect(one(`[${many.map((value) => `${value}.0`).join()}]`)?.length).toBeGreaterThan(2 * 4000);
  });
});

function withContext(context: string): string {
  return `{${context} "examples": [{"x": 1.0}, {}]}`;
}

test("a context makes the other kind of input, even when it is empty", () => {
  expect(decode(withContext("")).context).toBeUndefined();
  expect(hex(decode(withContext('"context": {},')).context)).toBe(python("nothing"));
  const { examples, context } = decode(withContext('"context": {"x": 2.0},'));
  expect(hex(context)).toBe("0a0f0a0d0a0178120812060a0400000040");
  expect(examples).toHaveLength(2);
});

describe("examples are refused", () => {
  const KIND = "INVALID_ARGUMENT: Feature: x has element with unexpected JSON type: ";
  for (const { name, body, want } of [
    {
      name: "missing",
      body: '{"signature_name": "s"}',
      want: `INVALID_ARGUMENT: JSON Value: {\n    "signature_name": "s"\n} When method is classify, key 'examples' is expected and was not found`,
    },
    {
      name: "no list",
      body: '{"examples": {}}',
      want: `INVALID_ARGUMENT: JSON Value: {\n    "examples": {}\n} Expecting 'examples' value to be an list/array`,
    },
    {
      name: "an empty list",
      body: '{"examples": []}',
      want: `INVALID_ARGUMENT: JSON Value: {\n    "examples": []\n} 'examples' value is an empty array`,
    },
    {
      name: "a list in the list",
      body: '{"examples": [{}, [{}]]}',
      want: "INVALID_ARGUMENT: Example must be JSON object but got JSON Array",
    },
    {
      name: "a value in the list",
      body: '{"examples": [5]}',
      want: "INVALID_ARGUMENT: Example must be JSON object but got JSON Number",
    },
    {
      name: "a context that is no object, looked at before the examples",
      body: '{"context": "x", "examples": 5}',
      want: "INVALID_ARGUMENT: Example must be JSON object but got JSON String",
    },
    { name: "null", body: '{"examples": [{"x": [10, null]}]}', want: `${KIND}Null` },
    { name: "a list in a feature", body: '{"examples": [{"x": [[1]]}]}', want: `${KIND}Array` },
    { name: "an object in a feature", body: '{"examples": [{"x": {"y": 1}}]}', want: `${KIND}Object` },
    {
      name: "a float among integers",
      body: '{"examples": [{"x": [10, 10.0]}]}',
      want: "INVALID_ARGUMENT: Unexpected element type in feature: x expecting type: int64",
    },
    {
      name: "an integer among floats",
      body: '{"examples": [{"x": [1.5, 2]}]}',
      want: "INVALID_ARGUMENT: Unexpected element type in feature: x expecting type: float",
    },
    {
      name: "a truth value among strings",
      body: '{"examples": [{"x": ["a", true]}]}',
      want: "INVALID_ARGUMENT: Unexpected element type in feature: x expecting type: bytes",
    },
    {
      name: "a number above int64",
      body: '{"examples": [{"x": [20, 18446744073709551603]}]}',
      want: "INVALID_ARGUMENT: Feature: x has uint64_t element. Only int64_t is supported.",
    },
    {
      name: "bad base64",
      body: '{"examples": [{"x": {"b64": "_"}}]}',
      want: "INVALID_ARGUMENT: Unable to base64 decode",
    },
  ]) {
    test(name, () => expect(failureOf(() => decode(body))).toBe(want));
  }
});
