import { describe, expect, test } from "vitest";
import {
  type DTypeName,
  decodePredictInputs,
  dtypeNamed,
  encodePredictOutputs,
  parseRequestBody,
} from "../../../tensor/index.ts";
import { valuesOf } from "../proto/wire-data.ts";
import { bytesOf, decode, failureOf, signature, textOf } from "./support.ts";

function one(dtype: DTypeName, value: string): unknown {
  return valuesOf([...decode(`{"inputs": ${value}}`, { x: dtype }).inputs.values()][0] as never)[0];
}

describe("a value that the dtype takes", () => {
  for (const [dtype, value, want] of [
    ["float", "1", 1],
    ["float", "0.1", Math.fround(0.1)],
    ["float", "1e39", "Infinity"],
    ["float", "-1e39", "-Infinity"],
    ["float", "1e-50", 0],
    ["float", "-1e-50", -0],
    ["float", "16777217", 16777216],
    ["float", "NaN", "NaN"],
    ["float", "-Inf", "-Infinity"],
    ["float", "Infinity", "Infinity"],
    ["float", "18446744073709551616", 2 ** 64],
    // Halfway between two floats as a decimal; rounded to a double first, as the original does.
    ["float", "1.000000059604644775390626", 1],
    ["double", "0.1", 0.1],
    ["double", "9007199254740993", 9007199254740992],
    ["double", "2.2250738585072011e-308", 2.225073858507201e-308],
    ["double", "-0.0", -0],
    ["double", "-0", 0],
    ["int32", "2147483647", 2147483647],
    ["int32", "-2147483648", -2147483648],
    ["int32", "-0", 0],
    ["int16", "-32768", -32768],
    ["int8", "127", 127],
    ["uint8", "255", 255],
    ["uint16", "65535", 65535],
    ["uint32", "4294967295", 4294967295],
    ["int64", "9223372036854775807", "9223372036854775807"],
    ["int64", "-9223372036854775808", "-9223372036854775808"],
    ["int64", "-1", "-1"],
    ["int64", "9007199254740993", "9007199254740993"],
    ["int64", "-4294967296", "-4294967296"],
    ["uint64", "18446744073709551615", "18446744073709551615"],
    ["bool", "true", true],
    ["bool", "false", false],
    // Bit patterns; ties to even, and rounded from the double once.
    ["half", "1", 0x3c00],
    ["half", "65519.99", 0x7bff],
    ["half", "65520", 0x7c00],
    ["half", "-1e-8", 0x8000],
    ["half", "1.00048828125", 0x3c00],
    ["half", "1.00146484375", 0x3c02],
    ["half", "1.000488281250000001", 0x3c00],
    ["half", "1.0004882812500002", 0x3c01],
    ["half", "0.00006097555160522461", 0x03ff],
    ["half", "NaN", 0x7e00],
    ["bfloat16", "1", 0x3f80],
    ["bfloat16", "1.00390625", 0x3f80],
    ["bfloat16", "1.01171875", 0x3f82],
    ["bfloat16", "-Infinity", 0xff80],
    ["bfloat16", "3.4e38", 0x7f80],
    ["string", '"abc"', "YWJj"],
    ["string", '""', ""],
    [
      "string",
      String.raw`"\u0000\u00e9\u4e2d\ud83d\ude00\n\/\b\f\r\t\"\\"`,
      Buffer.from('\0é中😀\n/\b\f\r\t"\\').toString("base64"),
    ],
    ["string", '{"b64": "aGk="}', "aGk="],
    ["string", '{"b64": "aGk"}', "aGk="],
    ["string", '{ "b64" : " aG\\n k = " }', "aGk="],
    ["string", '{"b64": ""}', ""],
    ["string", String.raw`{"b\u0036\u0034": "\/\/8="}`, "//8="],
  ] as const) {
    test(`${dtype} ${value}`, () => expect(one(dtype, value)).toEqual(want));
  }

  test("a string's bytes are what the client sent, UTF-8 or not", () => {
    const body = Uint8Array.from([...bytesOf('{"inputs": "'), 0xff, 0x80, ...bytesOf('"}')]);
    const { inputs } = decodePredictInputs(parseRequestBody(body), signature({ x: "string" }));
    expect(valuesOf(inputs.get("x") as never)).toEqual(["/4A="]);
  });
});

function refusal(value: string, type: string, dtype: string): string {
  return `INVALID_ARGUMENT: JSON Value: ${value} Type: ${type} is not of expected type: ${dtype}`;
}

describe("a value that the dtype does not take", () => {
  for (const [dtype, value, want] of [
    ["float", "null", refusal("null", "Null", "float")],
    ["float", "true", refusal("true", "True", "float")],
    ["float", '"1"', refusal('"1"', "String", "float")],
    ["float", '[{"b64": "aa=="}]', refusal('{\n    "b64": "aa=="\n}', "Object", "float")],
    ["int32", "1.0", refusal("1.0", "Number", "int32")],
    ["int32", "1e2", refusal("100.0", "Number", "int32")],
    ["int32", "2147483648", refusal("2147483648", "Number", "int32")],
    ["int32", "NaN", refusal("NaN", "Number", "int32")],
    ["int32", "false", refusal("false", "False", "int32")],
    ["uint32", "-1", refusal("-1", "Number", "uint32")],
    ["uint32", "4294967296", refusal("4294967296", "Number", "uint32")],
    ["int8", "128", `${refusal("128", "Number", "int8")} (-128 to 127)`],
    ["uint8", "-1", `${refusal("-1", "Number", "uint8")} (0 to 255)`],
    ["int16", "32768", `${refusal("32768", "Number", "int16")} (-32768 to 32767)`],
    ["uint16", "65536", `${refusal("65536", "Number", "uint16")} (0 to 65535)`],
    ["uint16", "1.5", refusal("1.5", "Number", "uint16")],
    ["int64", "9223372036854775808", refusal("9223372036854775808", "Number", "int64")],
    ["int64", "-9223372036854775809", refusal("-9.22337204e+18", "Number", "int64")],
    ["int64", "1.0", refusal("1.0", "Number", "int64")],
    ["int64", "Inf", refusal("Infinity", "Number", "int64")],
    ["uint64", "-1", refusal("-1", "Number", "uint64")],
    ["uint64", "18446744073709551616", refusal("1.84467441e+19", "Number", "uint64")],
    ["bool", "1", refusal("1", "Number", "bool")],
    ["bool", '"true"', refusal('"true"', "String", "bool")],
    ["half", '"1"', refusal('"1"', "String", "half")],
    ["string", "1", refusal("1", "Number", "string")],
    ["string", "null", refusal("null", "Null", "string")],
    ["string", "[{}]", "INVALID_ARGUMENT: JSON Value: {} not formatted correctly for base64 data"],
    [
      "string",
      '[{"b64": 5}]',
      'INVALID_ARGUMENT: JSON Value: {\n    "b64": 5\n} not formatted correctly for base64 data',
    ],
    [
      "string",
      '[{"b64": "aa==", "x": 1}]',
      'INVALID_ARGUMENT: JSON Value: {\n    "b64": "aa==",\n    "x": 1\n} not formatted correctly for base64 data',
    ],
    ["string", '{"b64": "a"}', "INVALID_ARGUMENT: Unable to base64 decode"],
    ["string", '{"b64": "aGk=="}', "INVALID_ARGUMENT: Unable to base64 decode"],
    ["string", '{"b64": "a=Gk"}', "INVALID_ARGUMENT: Unable to base64 decode"],
    ["string", '{"b64": "__8="}', "INVALID_ARGUMENT: Unable to base64 decode"],
    ["string", '{"b64": "aGk=aGk="}', "INVALID_ARGUMENT: Unable to base64 decode"],
    ["string", '{"b64": "aG.k"}', "INVALID_ARGUMENT: Unable to base64 decode"],
  ] as const) {
    test(`${dtype} ${value}`, () => expect(failureOf(() => one(dtype, value))).toBe(want));
  }
});

test("what every dtype writes it reads again", () => {
  for (const [dtype, values] of [
    ["float", "[0.1, -0.0, 1e-45, NaN, Infinity, -Infinity, 16777217]"],
    ["double", "[0.1, 5e-324, 1.7976931348623157e308, 0.30000000000000004]"],
    ["half", "[0.1, 65504, 6e-8, -Infinity, NaN]"],
    ["bfloat16", "[0.1, 3.38e38, 1e-40]"],
    ["int8", "[-128, 0, 127]"],
    ["uint8", "[0, 255]"],
    ["int16", "[-32768, 32767]"],
    ["uint16", "[0, 65535]"],
    ["int32", "[-2147483648, 0, 2147483647]"],
    ["uint32", "[0, 4294967295]"],
    ["int64", "[-9223372036854775808, -1, 0, 1000000000, 9999999999, 9223372036854775807]"],
    ["uint64", "[0, 9007199254740993, 18446744073709551615]"],
    ["bool", "[true, false]"],
    ["string", String.raw`["", "a\u0001\"\\", "中"]`],
  ] as const) {
    const { inputs } = decode(`{"inputs": ${values}}`, { x: dtype });
    const back = decode(textOf(encodePredictOutputs("columnar", inputs)).replace('"outputs"', '"inputs"'), {
      x: dtype,
    });
    expect(valuesOf(back.inputs.get("x") as never), dtype).toEqual(valuesOf(inputs.get("x") as never));
    expect(back.inputs.get("x")?.dtype).toBe(dtypeNamed(dtype));
  }
});

test("a message quotes what a value holds, not how it was spelled", () => {
  const spelled = String.raw`[{"\u0061\/": [1e2, 1.50, 1e-7, 1e21, -0, -0.0, NaN, "\u00e9\u0001", {}, []]}]`;
  expect(failureOf(() => one("string", spelled))).toBe(`INVALID_ARGUMENT: JSON Value: {
    "a/": [
        100.0,
        1.5,
        1e-7,
        1e21,
        0,
        -0.0,
        NaN,
        "é\\u0001",
        {},
        []
    ]
} not formatted correctly for base64 data`);
});

test("base64 for URLs is taken where that is asked for", () => {
  const body = parseRequestBody(bytesOf('{"inputs": [{"b64": "_-8="}, {"b64": "/+8"}]}'));
  const { inputs } = decodePredictInputs(body, signature({ x: "string" }), { urlSafeBase64: true });
  expect(valuesOf(inputs.get("x") as never)).toEqual(["/+8=", "/+8="]);
});
