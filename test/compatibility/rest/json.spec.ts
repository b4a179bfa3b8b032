import { describe } from "vitest";
import { holds, modelsNamed, predict, type RestCase, sharedGateway } from "./cases.ts";

const gateway = sharedGateway({ models: modelsNamed("half_plus_two", "every_dtype", "strings") });

/** Of half_plus_two, whose answer to 1.0 is 2.5. */
const ONE = '{\n    "predictions": [2.5\n    ]\n}';
const half = (body: string | Uint8Array) => predict("half_plus_two", body);

/** One value through an identity of its dtype, in columns. */
function same(dtype: string, value: string, want: string): RestCase {
  return {
    name: `${dtype} ${value.slice(0, 40)}`,
    request: predict("every_dtype", `{"signature_name": "${dtype}", "inputs": ${value}}`),
    text: `{\n    "outputs": ${want}\n}`,
  };
}

function refused(dtype: string, value: string, error: string): RestCase {
  return {
    name: `${dtype} ${value}`,
    request: predict("every_dtype", `{"signature_name": "${dtype}", "inputs": ${value}}`),
    status: 400,
    error,
  };
}

const wrong = (value: string, type: string, dtype: string) =>
  `JSON Value: ${value} Type: ${type} is not of expected type: ${dtype}`;
const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)));

describe("what is no JSON", () => {
  holds(
    gateway,
    [
      ["", "The document is empty"],
      [" ", "The document is empty. at offset: 1"],
      ["instances = [1]", "Invalid value. at offset: 0"],
      ["{instances: [1]}", "Missing a name for object member. at offset: 1"],
      ['{"instances": [1], }', "Missing a name for object member. at offset: 19"],
      ['{"instances": [1] "inputs": 1}', "Missing a comma or } after an object member. at offset: 18"],
      ['{"instances": [1,]}', "Invalid value. at offset: 17"],
      ["{'instances': [1]}", "Missing a name for object member. at offset: 1"],
      ['{"instances": [01]}', "Missing a comma or ] after an array element. at offset: 16"],
      ['{"instances": [1] /* no */}', "Missing a comma or } after an object member. at offset: 18"],
      ['{"instances": [1e309]}', "Number too big to be stored in double. at offset: 15"],
      ['{"instances": [nan]}', "Invalid value. at offset: 16"],
      [String.raw`{"instances": ["\ud800"]}`, "The surrogate pair in string is invalid. at offset: 16"],
      [`{"instances": ${"[".repeat(500_000)}`, "Invalid value. at offset: 500014"],
    ].map(([body = "", error]) => ({ request: half(body), status: 400, error: `JSON Parse error: ${error}` })),
  );
  holds(
    gateway,
    ["[1]", "5", "null", '"text"', "NaN"].map((body) => ({
      request: half(body),
      status: 400,
      error: `JSON Value: ${body === "[1]" ? "[\n    1\n]" : body} Is not object`,
    })),
  );
});

describe("what is taken", () => {
  holds(gateway, [
    { request: half('{"instances": [1]} and more'), text: ONE },
    { name: "bytes behind the first value", request: half(bytes('{"instances": [1]}', [0, 255])), text: ONE },
    { name: "a byte-order mark", request: half('\u{feff}{"instances": [1]}'), text: ONE },
    { name: "the first of two members", request: half('{"instances": [1], "instances": "no"}'), text: ONE },
    {
      name: "the first signature name",
      request: half('{"signature_name": "", "instances": [1], "signature_name": 5}'),
      text: ONE,
    },
    {
      name: "members that mean nothing",
      request: half('{"a": {"instances": 1}, "instances": [1], "b": [{}]}'),
      text: ONE,
    },
    { name: "an escaped member", request: half(String.raw`{"inst\u0061nces": [1]}`), text: ONE },
    {
      name: "deep nesting beside",
      request: half(`{"x": ${"[".repeat(1e5)}${"]".repeat(1e5)}, "instances": [1]}`),
      text: ONE,
    },
    {
      name: "bytes of a string that are no UTF-8, and a NUL",
      request: predict(
        "strings",
        bytes('{"signature_name": "lengths", "inputs": ["', [0xff, 0x80], String.raw`\u0000", "é"]}`),
      ),
      text: '{\n    "outputs": [\n        3,\n        2\n    ]\n}',
    },
  ]);
});

describe("numbers are what they are spelled as", () => {
  holds(gateway, [
    same(
      "float",
      "[NaN, Inf, Infinity, -Inf, -Infinity, -NaN]",
      lines("NaN", "Infinity", "Infinity", "-Infinity", "-Infinity", "NaN"),
    ),
    same(
      "int64",
      "[9223372036854775807, -9223372036854775808, 9007199254740993]",
      lines("9223372036854775807", "-9223372036854775808", "9007199254740993"),
    ),
    same("uint64", "[18446744073709551615, 0]", lines("18446744073709551615", "0")),
    same("uint32", "[4294967295, 0]", lines("4294967295", "0")),
    same(
      "double",
      "[1, 2.5, 9007199254740993, 1e-320, 18446744073709551616]",
      lines("1.0", "2.5", "9007199254740992.0", "9.99989e-321", "1.8446744073709552e+19"),
    ),
    same(
      "float",
      "[16777217, 1e39, -1e39, 1e-50, -1e-50, 0.1]",
      lines("16777216.0", "Infinity", "-Infinity", "0.0", "-0.0", "0.1"),
    ),
    same("float", "[-0, -0.0]", lines("0.0", "-0.0")),
    same("int32", "[2147483647, -2147483648]", lines("2147483647", "-2147483648")),
    same("int16", "[32767, -32768]", lines("32767", "-32768")),
    same("int8", "[127, -128]", lines("127", "-128")),
    same("uint8", "[255, 0]", lines("255", "0")),
    refused("int32", "1.0", wrong("1.0", "Number", "int32")),
    refused("int32", "1e2", wrong("100.0", "Number", "int32")),
    refused("int32", "2147483648", wrong("2147483648", "Number", "int32")),
    refused("int64", "9223372036854775808", wrong("9223372036854775808", "Number", "int64")),
    refused("int64", "1e0", wrong("1.0", "Number", "int64")),
    refused("uint32", "-1", wrong("-1", "Number", "uint32")),
    refused("uint64", "-1", wrong("-1", "Number", "uint64")),
    refused("uint64", "NaN", wrong("NaN", "Number", "uint64")),
    refused("uint8", "1.5", wrong("1.5", "Number", "uint8")),
  ]);
});

describe("values of the other dtypes", () => {
  holds(gateway, [
    same("bool", "[true, false]", lines("true", "false")),
    refused("bool", "1", wrong("1", "Number", "bool")),
    refused("bool", '"true"', wrong('"true"', "String", "bool")),
    refused("float", "null", wrong("null", "Null", "float")),
    refused("float", "true", wrong("true", "True", "float")),
    refused("float", "false", wrong("false", "False", "float")),
    refused("float", '"1"', wrong('"1"', "String", "float")),
    refused("float", '{"b64": "AAAA"}', wrong('{\n    "b64": "AAAA"\n}', "Object", "float")),
    refused("string", "1", wrong("1", "Number", "string")),
    refused("string", "null", wrong("null", "Null", "string")),
    same(
      "string",
      '["text", {"b64": "aGk="}, {"b64": "aGk"}, {"b64": " aG\\nk = "}]',
      lines('"text"', '"hi"', '"hi"', '"hi"'),
    ),
    ...["a", "aGk==", "_-8=", "a-b_", "aGk=aGk=", "aGk*"].map((text) =>
      refused("string", `[{"b64": "${text}"}]`, "Unable to base64 decode"),
    ),
    refused("string", "[{}]", "JSON Value: {} not formatted correctly for base64 data"),
    refused("string", '[{"b64": 1}]', 'JSON Value: {\n    "b64": 1\n} not formatted correctly for base64 data'),
    ...["complex64", "complex128", "qint8", "float8_e5m2"].map((dtype) => ({
      ...refused(dtype, "1", `Conversion of JSON Value: 1 to type: ${dtype}`),
      status: 501,
    })),
  ]);
});

function lines(...values: string[]): string {
  return `[\n${values.map((value) => `        ${value}`).join(",\n")}\n    ]`;
}
