import { describe, expect, test } from "vitest";
import { parseTextFormat } from "../../config/index.ts";
import { messageType } from "../../protos/index.ts";

const MODELS = "tensorflow.serving.ModelServerConfig";
const MODEL = "tensorflow.serving.ModelConfig";
const TENSOR = "tensorflow.TensorProto";
const EXAMPLE = "tensorflow.Example";

describe("the text format reads", () => {
  for (const { name, type = MODEL, text, want } of [
    { name: "an empty message", text: " \n# only a comment", want: {} },
    {
      name: "a colon before a message or none",
      type: MODELS,
      text: "model_config_list: { config { } config: {} }",
      want: { model_config_list: { config: [{}, {}] } },
    },
    {
      name: "angle brackets",
      type: MODELS,
      text: "model_config_list < config: < name: 'm' > >",
      want: { model_config_list: { config: [{ name: "m" }] } },
    },
    {
      name: "commas, semicolons and nothing between fields",
      text: 'name: "m", base_path: "/m"; model_type: OTHER model_platform: "x"',
      want: { name: "m", base_path: "/m", model_type: 2, model_platform: "x" },
    },
    {
      name: "comments to the end of a line",
      text: 'name: "a#b" # base_path: "x"\n#\nbase_path: "y"',
      want: { name: "a#b", base_path: "y" },
    },
    { name: "adjacent strings as one", text: `name: "a" 'b'\n # and\n "c"`, want: { name: "abc" } },
    {
      name: "escapes",
      text: String.raw`name: "\"\'\\\n\t\101\x42\u7a33\U0001F600\303\251"`,
      want: { name: "\"'\\\n\tAB稳😀é" },
    },
    {
      name: "either quote within the other",
      text: `name: "it's" base_path: 'a "b"'`,
      want: { name: "it's", base_path: 'a "b"' },
    },
    { name: "enums by number", text: "model_type: 1", want: { model_type: 1 } },
    {
      name: "a map in any order, with defaults, the last of a key",
      text: 'version_labels { key: "a" value: 1 } version_labels: { value: 2, key: "b" } version_labels {} version_labels <key: "a" value: -3>',
      want: { version_labels: { a: "-3", b: "2", "": 0 } },
    },
    {
      name: "a map as a list",
      text: 'version_labels: [{key: "a" value: 1}, {key: "b" value: 2}]',
      want: { version_labels: { a: "1", b: "2" } },
    },
    {
      name: "lists of messages and scalars, mixed with single ones",
      type: TENSOR,
      text: "int_val: [1, -2] int_val: 3 int_val: [] tensor_shape { dim: [{ size: 1 }, { size: -1 }] }",
      want: { int_val: [1, -2, 3], tensor_shape: { dim: [{ size: "1" }, { size: "-1" }] } },
    },
    {
      name: "integers in every base, at their bounds",
      type: TENSOR,
      text: "int_val: 0x1F int_val: 017 int_val: -2147483648 int64_val: 9223372036854775807 int64_val: - 9223372036854775808 uint64_val: 18446744073709551615",
      want: {
        int_val: [31, 15, -2147483648],
        int64_val: ["9223372036854775807", "-9223372036854775808"],
        uint64_val: ["18446744073709551615"],
      },
    },
    {
      name: "floats in every spelling",
      type: TENSOR,
      text: "float_val: [1, -1.5, .5, 2., 1e3, 1E-3, 2.5f, 3f, inf, -Infinity, nan, 0x10]",
      want: { float_val: [1, -1.5, 0.5, 2, 1000, 0.001, 2.5, 3, Infinity, -Infinity, NaN, 16] },
    },
    {
      name: "booleans in every spelling",
      type: TENSOR,
      text: "bool_val: [true, t, True, 1, false, f, False, 0]",
      want: { bool_val: [true, true, true, true, false, false, false, false] },
    },
    {
      name: "bytes that are no UTF-8",
      type: EXAMPLE,
      text: String.raw`features { feature { key: "k" value { bytes_list { value: "\377\000\x01" } } } }`,
      want: { features: { feature: { k: { bytes_list: { value: [Buffer.of(255, 0, 1)] } } } } },
    },
    {
      name: "nested maps of messages",
      type: EXAMPLE,
      text: 'features { feature { key: "__proto__" value: { int64_list { value: 1 } } } }',
      want: { features: { feature: JSON.parse('{"__proto__": {"int64_list": {"value": ["1"]}}}') } },
    },
  ] as const) {
    test(name, () => expect(parseTextFormat(text, type, "f")).toEqual(want));
  }

  test("an Any spelled out", () => {
    const text = `custom_model_config { [type.googleapis.com/${MODEL}] { name: "m" } }`;
    const { custom_model_config: any } = parseTextFormat(text, MODELS, "f") as {
      custom_model_config: { type_url: string; value: Uint8Array };
    };
    expect(any.type_url).toBe(`type.googleapis.com/${MODEL}`);
    expect(messageType(MODEL).decode(any.value)).toMatchObject({ name: "m" });
  });
});

describe("the text format refuses", () => {
  for (const { name, type = MODEL, text, want } of [
    {
      name: "an unknown field, with the nearest",
      text: '\n  nmae: "m"',
      want: 'f:2:3: tensorflow.serving.ModelConfig has no field "nmae" (did you mean "name"?)',
    },
    {
      name: "what only every object has",
      text: "constructor: 1",
      want: 'f:1:1: tensorflow.serving.ModelConfig has no field "constructor"',
    },
    {
      name: "an unknown enum value, with the nearest",
      text: "model_type: TENSORFLO",
      want: 'f:1:13 model_type: expected a value of ModelType, got "TENSORFLO" (did you mean "TENSORFLOW"?)',
    },
    { name: "a string without quotes", text: "name: m", want: 'f:1:7 name: expected a string in quotes, got "m"' },
    {
      name: "a string without an end",
      text: 'name: "m\n',
      want: "f:1:7: the string that starts here has no end on its line",
    },
    { name: "an unknown escape", text: String.raw`name: "a\q"`, want: "f:1:9: unknown escape in a string" },
    {
      name: "a string that is no UTF-8",
      text: String.raw`name: "\377"`,
      want: "f:1:7 name: expected a string of UTF-8",
    },
    { name: "a scalar without a colon", text: 'name "m"', want: 'f:1:6 name: expected ":", got "m"' },
    { name: "a field twice", text: 'name: "a" name: "b"', want: "f:1:11 name: stands here twice" },
    {
      name: "a map's key twice",
      text: 'version_labels { key: "a" key: "b" }',
      want: "f:1:27 version_labels: stands here twice",
    },
    {
      name: "two of a oneof",
      type: MODELS,
      text: "model_config_list {} custom_model_config {}",
      want: "f:1:22 custom_model_config: stands beside model_config_list, and only one of them may",
    },
    {
      name: "a message without an end",
      type: MODELS,
      text: "model_config_list { config {",
      want: 'f:1:29 model_config_list.config[0]: expected "}", got the end of the file',
    },
    {
      name: "the wrong bracket",
      type: MODELS,
      text: "model_config_list { >",
      want: 'f:1:21 model_config_list: expected a field of ModelConfigList, got ">"',
    },
    { name: "a bracket too many", text: "}", want: 'f:1:1: expected a field of ModelConfig, got "}"' },
    {
      name: "a number out of range",
      type: TENSOR,
      text: "int_val: 2147483648",
      want: 'f:1:10 int_val[0]: expected int32, got "2147483648"',
    },
    {
      name: "a negative unsigned number",
      type: TENSOR,
      text: "uint32_val: -1",
      want: 'f:1:14 uint32_val[0]: expected uint32, got "1"',
    },
    {
      name: "a number that is none",
      type: TENSOR,
      text: "int_val: 1.5",
      want: 'f:1:10 int_val[0]: expected int32, got "1.5"',
    },
    {
      name: "an octal number with a 9",
      type: TENSOR,
      text: "int_val: 09",
      want: 'f:1:10 int_val[0]: expected int32, got "09"',
    },
    {
      name: "a list without an end",
      type: TENSOR,
      text: "int_val: [1, 2",
      want: 'f:1:15 int_val: expected "," or "]", got the end of the file',
    },
    {
      name: "an unknown type in an Any",
      type: MODELS,
      text: "custom_model_config { [type.googleapis.com/x.Y] {} }",
      want: 'f:1:47 custom_model_config: unknown message type "x.Y"',
    },
  ] as const) {
    test(name, () => expect(() => parseTextFormat(text, type, "f")).toThrow(want));
  }

  test("nesting without end, with an error and not a crash", () => {
    const variants = "variant_val { tensors { ".repeat(100_000);
    expect(() => parseTextFormat(variants, TENSOR, "f")).toThrow("is nested too deeply");
  });
});
