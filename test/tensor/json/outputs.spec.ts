import { describe, expect, test } from "vitest";
import {
  type DTypeName,
  dtypeNamed,
  encodePredictOutputs,
  packedTensor,
  stringTensor,
  type Tensor,
} from "../../../tensor/index.ts";
import { failureOf, textOf } from "./support.ts";

function tensor(dtype: DTypeName, shape: number[], data: ArrayBufferView): Tensor {
  return packedTensor(dtypeNamed(dtype), shape, new Uint8Array(data.buffer));
}

const floats = (shape: number[], ...values: number[]): Tensor => tensor("float", shape, Float32Array.from(values));
const ints = (shape: number[], ...values: number[]): Tensor => tensor("int32", shape, Int32Array.from(values));
const strings = (shape: number[], ...values: (string | number[])[]): Tensor =>
  stringTensor(
    shape,
    values.map((value) => Uint8Array.from(typeof value === "string" ? Buffer.from(value) : value)),
  );

function rowFailure(outputs: Record<string, Tensor>): string {
  return failureOf(() => encodePredictOutputs("row", new Map(Object.entries(outputs))));
}

/** The layout is that of RapidJSON's pretty writer, as the original drives it. */
describe("a row answer", () => {
  for (const { name, outputs, want } of [
    {
      name: "of scalars",
      outputs: { y: floats([3], 2.5, 3, 4.5) },
      want: '{\n    "predictions": [2.5, 3.0, 4.5\n    ]\n}',
    },
    {
      name: "of lists",
      outputs: { y: ints([2, 2, 1], 1, 2, 3, 4) },
      want: '{\n    "predictions": [[[1], [2]], [[3], [4]]\n    ]\n}',
    },
    { name: "of no rows", outputs: { y: floats([0, 2]) }, want: '{\n    "predictions": []\n}' },
    { name: "of empty rows", outputs: { y: floats([2, 0]) }, want: '{\n    "predictions": [[], []\n    ]\n}' },
    {
      name: "of several outputs",
      outputs: { a: floats([2], 1, 2), "b\n": ints([2, 2], 1, 2, 3, 4) },
      want: `{
    "predictions": [
        {
            "a": 1.0,
            "b\\n": [1, 2]
        },
        {
            "a": 2.0,
            "b\\n": [3, 4]
        }
    ]
}`,
    },
    {
      name: "of no rows of several outputs",
      outputs: { a: floats([0]), b: ints([0, 2]) },
      want: '{\n    "predictions": []\n}',
    },
    {
      name: "of strings",
      outputs: { y: strings([2], "a/é", '"\\\u{1f}\n\u{7f}') },
      want: '{\n    "predictions": ["a/é", "\\"\\\\\\u001F\\n\u{7f}"\n    ]\n}',
    },
    {
      name: "of bytes",
      outputs: { y_bytes: strings([2], "hello", [0xff, 0xfe]) },
      want: `{
    "predictions": [{
            "b64": "aGVsbG8="
        }, {
            "b64": "//4="
        }
    ]
}`,
    },
  ]) {
    test(name, () => {
      const text = textOf(encodePredictOutputs("row", new Map(Object.entries<Tensor>(outputs as never))));
      expect(text).toBe(want);
      expect(JSON.parse(text)).toHaveProperty("predictions");
    });
  }

  test("has as many rows as the outputs, and those must agree", () => {
    expect(rowFailure({ y: floats([], 1) })).toBe("INVALID_ARGUMENT: Tensor name: y has no shape information ");
    expect(rowFailure({ a: ints([1], 1), b: ints([2], 1, 2) })).toBe(
      "INVALID_ARGUMENT: Tensor name: b has inconsistent batch size: 2 expecting: 1",
    );
    expect(rowFailure({})).toBe("INVALID_ARGUMENT: Cannot convert empty tensor map to JSON");
  });
});

describe("a columnar answer", () => {
  for (const { name, outputs, want } of [
    { name: "of a scalar", outputs: { y: floats([], 3) }, want: '{\n    "outputs": 3.0\n}' },
    {
      name: "of a list",
      outputs: { y: ints([2], 1, 2) },
      want: '{\n    "outputs": [\n        1,\n        2\n    ]\n}',
    },
    { name: "of an empty list", outputs: { y: ints([0]) }, want: '{\n    "outputs": []\n}' },
    {
      name: "of lists",
      outputs: { y: ints([2, 1], 1, 2) },
      want: '{\n    "outputs": [\n        [\n            1\n        ],\n        [\n            2\n        ]\n    ]\n}',
    },
    {
      name: "of several outputs of any size",
      outputs: { a: floats([], 1), b: ints([1], 2), c_bytes: strings([], "x") },
      want: `{
    "outputs": {
        "a": 1.0,
        "b": [
            2
        ],
        "c_bytes": {
            "b64": "eA=="
        }
    }
}`,
    },
  ]) {
    test(name, () => {
      const text = textOf(encodePredictOutputs("columnar", new Map(Object.entries<Tensor>(outputs as never))));
      expect(text).toBe(want);
      expect(JSON.parse(text)).toHaveProperty("outputs");
    });
  }
});

describe("the numbers of each dtype", () => {
  for (const [dtype, data, want] of [
    ["int8", Int8Array.of(-128, 127), "-128, 127"],
    ["uint8", Uint8Array.of(0, 255), "0, 255"],
    ["int16", Int16Array.of(-32768, 32767), "-32768, 32767"],
    ["uint16", Uint16Array.of(0, 65535), "0, 65535"],
    ["int32", Int32Array.of(-2147483648, 2147483647), "-2147483648, 2147483647"],
    ["uint32", Uint32Array.of(1000000000, 4294967295), "1000000000, 4294967295"],
    ["int64", BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n), "-9223372036854775808, 9223372036854775807"],
    ["int64", BigInt64Array.of(-1n, -(2n ** 32n)), "-1, -4294967296"],
    ["int64", BigInt64Array.of(10n ** 18n + 7n, 9007199254740993n), "1000000000000000007, 9007199254740993"],
    ["uint64", BigUint64Array.of(0n, 2n ** 64n - 1n), "0, 18446744073709551615"],
    ["bool", Uint8Array.of(0, 1), "false, true"],
    ["half", Uint16Array.of(0x3c00, 0xc500), "1.0, -5.0"],
    ["bfloat16", Uint16Array.of(0x3f80, 0xc0a0), "1.0, -5.0"],
  ] as const) {
    test(`${dtype} ${want}`, () => {
      const text = textOf(encodePredictOutputs("row", new Map([["y", tensor(dtype, [2], data)]])));
      expect(text).toBe(`{\n    "predictions": [${want}\n    ]\n}`);
    });
  }

  for (const dtype of ["complex64", "qint8", "float8_e5m2"] as const) {
    test(`${dtype} has none`, () => {
      const { itemBytes } = dtypeNamed(dtype);
      const encode = (rows: number): Uint8Array => {
        const some = packedTensor(dtypeNamed(dtype), [rows], new Uint8Array(rows * itemBytes));
        return encodePredictOutputs("row", new Map([["y", some]]));
      };
      expect(failureOf(() => encode(1))).toBe(`INVALID_ARGUMENT: Failed to write JSON value for tensor type: ${dtype}`);
      expect(textOf(encode(0))).toBe('{\n    "predictions": []\n}');
    });
  }
});

test("bytes that are no UTF-8 go out as they are", () => {
  const bytes = encodePredictOutputs("row", new Map([["y", strings([1], [0x22, 0xff, 0x80])]]));
  expect(Buffer.from(bytes).toString("latin1")).toContain('["\\"\u{ff}\u{80}"');
});

/** The rows of a strict answer, as JavaScript reads them. */
function strictly(output: Tensor): unknown {
  return JSON.parse(textOf(encodePredictOutputs("row", new Map([["y", output]]), { strict: true }))).predictions;
}

describe("strict answers are JSON whatever the outputs hold", () => {
  test("numbers that JSON lacks are strings", () => {
    expect(strictly(floats([4], 1.5, Number.NaN, Infinity, -Infinity))).toEqual([1.5, "NaN", "Infinity", "-Infinity"]);
    expect(strictly(tensor("half", [2], Uint16Array.of(0x7c00, 0x7e00)))).toEqual(["Infinity", "NaN"]);
  });

  test("strings that are no UTF-8 are base64 objects, the others are not", () => {
    expect(strictly(strings([1, 2], [0xff, 0x80], "é"))).toEqual([[{ b64: "/4A=" }, "é"]]);
  });
});

test("a view that is not aligned is read as well as any", () => {
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setFloat64(1, 0.25, true);
  const odd = packedTensor(dtypeNamed("double"), [1], bytes.subarray(1));
  expect(textOf(encodePredictOutputs("row", new Map([["y", odd]])))).toContain("[0.25\n");
});
