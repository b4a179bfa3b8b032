import { describe, expect, test } from "vitest";
import { exchange } from "../../setup/http.ts";
import { holds, modelsNamed, predict, type RestCase, sharedGateway } from "./cases.ts";

const gateway = sharedGateway({ models: modelsNamed("every_dtype", "outputs", "strings") });

const asked = (signature: string, members: string) =>
  predict("outputs", `{"signature_name": "${signature}", ${members}}`);

/** One dtype's identity in rows, written on one line. */
function row(dtype: string, values: string, want: string): RestCase {
  return {
    name: `${dtype} ${want.slice(0, 60)}`,
    request: predict("every_dtype", `{"signature_name": "${dtype}", "instances": ${values}}`),
    text: `{\n    "predictions": [${want}\n    ]\n}`,
  };
}

const upper = (body: string, text: string): RestCase => ({ request: predict("strings", body), text });
const same = (value: string) => predict("strings", `{"signature_name": "same", "inputs": ${value}}`);

describe("layout", () => {
  holds(gateway, [
    {
      name: "rows of one output, without its name",
      request: asked("serving_default", '"instances": [[[1, 2]], [[3, 4]]]'),
      text: '{\n    "predictions": [[[1.0, 2.0]], [[3.0, 4.0]]\n    ]\n}',
    },
    {
      name: "columns of one output, without its name",
      request: asked("serving_default", '"inputs": [[1, 2], [3, 4]]'),
      text: `{
    "outputs": [
        [
            1.0,
            2.0
        ],
        [
            3.0,
            4.0
        ]
    ]
}`,
    },
    {
      name: "rows of several outputs",
      request: asked("three", '"instances": [{"x": [1], "n": 2, "s": "a"}]'),
      json: { predictions: [{ x: [1], n: 2, s_bytes: { b64: "YQ==" } }] },
    },
    { name: "a scalar column", request: asked("scalar", '"inputs": [1, 2]'), text: '{\n    "outputs": 3.0\n}' },
    { name: "an empty column", request: asked("none", '"inputs": [1]'), text: '{\n    "outputs": []\n}' },
    { name: "no rows", request: asked("none", '"instances": [1]'), text: '{\n    "predictions": []\n}' },
    { name: "no rows of two", request: asked("none_of_two", '"instances": [1]'), text: '{\n    "predictions": []\n}' },
    {
      name: "base64 objects in a row",
      request: asked("one_bytes", '"instances": [["a", "b"]]'),
      text: `{
    "predictions": [[{
                "b64": "YQ=="
            }, {
                "b64": "Yg=="
            }]
    ]
}`,
    },
    {
      name: "a base64 object in a column",
      request: asked("one_bytes", '"inputs": "a"'),
      text: '{\n    "outputs": {\n        "b64": "YQ=="\n    }\n}',
    },
    {
      name: "columns have no batch rule",
      request: asked("mixed", '"inputs": [1, 2]'),
      json: { outputs: { y: [1, 2], sum: 3 } },
    },
  ]);
});

describe("rows that cannot be made", () => {
  holds(gateway, [
    { request: asked("scalar", '"instances": [1]'), status: 400, error: "Tensor name: sum has no shape information " },
    {
      request: asked("mixed", '"instances": [1, 2]'),
      status: 400,
      error: "Tensor name: sum has no shape information ",
    },
    { request: asked("serving_default", '"inputs": 1'), text: '{\n    "outputs": 1.0\n}' },
  ]);
  test("outputs of different batch sizes, in whichever order they come", async () => {
    const reply = await gateway().post(
      "/v1/models/outputs:predict",
      '{"signature_name": "batches", "instances": [1, 2, 3]}',
    );
    expect(reply.status).toBe(400);
    expect(reply.json.error).toMatch(
      /^Tensor name: (first has inconsistent batch size: 1 expecting: 3|all has inconsistent batch size: 3 expecting: 1)/,
    );
  });
  holds(gateway, [
    {
      request: asked("complex64", '"instances": [1]'),
      status: 400,
      error: "Failed to write JSON value for tensor type: complex64",
    },
    {
      request: asked("complex64", '"inputs": 1'),
      status: 400,
      error: "Failed to write JSON value for tensor type: complex64",
    },
    {
      name: "the batch is that of the outputs",
      request: asked("none", '"instances": [1, 2, 3]'),
      json: { predictions: [] },
    },
  ]);
});

describe("strings", () => {
  holds(gateway, [
    upper('{"instances": ["a/b"]}', '{\n    "predictions": ["A/B"\n    ]\n}'),
    {
      name: "escapes",
      request: same(String.raw`"\"\\\/\b\f\n\r\t\u0001\u001f\u007f\u00e9\u4e2d\ud83d\ude00"`),
      text: `{\n    "outputs": "${String.raw`\"\\/\b\f\n\r\t\u0001\u001F`}\u007fé中😀"\n}`,
    },
    {
      name: "non-ASCII is not escaped",
      request: same('"模型"'),
      text: '{\n    "outputs": "模型"\n}',
    },
  ]);
  test("bytes that are no UTF-8 go out raw", async () => {
    const { bytes } = await exchange(gateway().rest, same('{"b64": "/4A="}'));
    expect(bytes.toString("latin1")).toBe('{\n    "outputs": "\u{ff}\u{80}"\n}');
  });
});

describe("numbers", () => {
  holds(gateway, [
    row("float", "[9000000, 999999, 0.5, 0.0003, 0.00003, 555557.5]", "9e+06, 999999.0, 0.5, 0.0003, 3e-05, 555557.5"),
    row(
      "float",
      "[0.1, 0.2, 3, 100000, 1000000, 1234567, 16777216, 0]",
      "0.1, 0.2, 3.0, 100000.0, 1e+06, 1234567.0, 16777216.0, 0.0",
    ),
    row(
      "float",
      "[0.333333333, 3.1415926535, 1e-45, 3.4028235e38]",
      "0.333333343, 3.14159274, 1.4013e-45, 3.40282347e+38",
    ),
    row("float", "[NaN, Infinity, -Infinity, -0.0, -1.5]", "NaN, Infinity, -Infinity, -0.0, -1.5"),
    row(
      "double",
      "[0.1, 3, 1e22, 1e-5, 123456.5, 0.30000000000000004]",
      "0.1, 3.0, 1e+22, 1e-05, 123456.5, 0.30000000000000004",
    ),
    row("double", "[1.7976931348623157e308, 5e-324, 1234567.0]", "1.7976931348623157e+308, 4.94066e-324, 1234567.0"),
    {
      name: "a third as a double",
      request: asked("double", '"instances": [1, 2]'),
      text: '{\n    "predictions": [0.33333333333333331, 0.66666666666666663\n    ]\n}',
    },
    row("int64", "[9223372036854775807, -9223372036854775808, 0]", "9223372036854775807, -9223372036854775808, 0"),
    row("uint64", "[18446744073709551615]", "18446744073709551615"),
    row("int8", "[-128]", "-128"),
    row("bool", "[true, false]", "true, false"),
  ]);
});

describe("dtypes that the reference has no JSON for", () => {
  holds(gateway, [
    row("half", "[1, 0.1, 65504]", "1.0, 0.0999756, 65504.0"),
    row("bfloat16", "[1, 0.1, 3e38]", "1.0, 0.100098, 3.00406e+38"),
    row("uint16", "[0, 65535]", "0, 65535"),
    { request: asked("half", '"instances": [1, 0.5]'), text: '{\n    "predictions": [1.0, 0.5\n    ]\n}' },
    { request: asked("bfloat16", '"instances": [1]'), text: '{\n    "predictions": [1.0\n    ]\n}' },
  ]);
});
