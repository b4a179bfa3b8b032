import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  type DTypeName,
  dtypeNamed,
  elementCount,
  encodePredictOutputs,
  packedTensor,
  type Tensor,
} from "../../../tensor/index.ts";
import { ByteBuffer } from "../../../tensor/json/byte-buffer.ts";
import { elementWriter } from "../../../tensor/json/write-values.ts";
import { textOf } from "./support.ts";

/** The layout of TensorFlow Serving, told once more in the plainest way: number by number, in lists within lists. */
function laidOut(tensor: Tensor, strict: boolean, depth: number, oneLine: boolean, rowsOnTop: boolean): string {
  const write = elementWriter("y", tensor, strict);
  let next = 0;
  const list = (dim: number, level: number): string => {
    const size = tensor.shape[dim];
    if (size === undefined) {
      const out = new ByteBuffer();
      write(out, next++, level);
      return textOf(out.finish());
    }
    const parts = Array.from({ length: size }, () => list(dim + 1, level + 1));
    const line = `\n${" ".repeat(4 * (level + 1))}`;
    if (!oneLine) return `[${parts.map((part) => line + part).join(",")}\n${" ".repeat(4 * level)}]`;
    return dim === 0 && rowsOnTop ? `[${parts.join(", ")}\n    ]` : `[${parts.join(", ")}]`;
  };
  return list(0, depth);
}

const DTYPES: readonly DTypeName[] = [
  "float",
  "double",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "half",
];

const tensors = fc
  .tuple(
    fc.constantFrom(...DTYPES),
    fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
    fc.integer({ min: 1, max: 40 }),
  )
  .chain(([name, outer, last]) => {
    const shape = [...outer, last];
    const length = elementCount(shape) * dtypeNamed(name).itemBytes;
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes) => packedTensor(dtypeNamed(name), shape, Uint8Array.from(bytes)));
  });

test("tensors of any type and shape are laid out as lists within lists", () => {
  fc.assert(
    fc.property(tensors, fc.boolean(), (tensor, strict) => {
      const outputs = new Map([["y", tensor]]);
      expect(textOf(encodePredictOutputs("row", outputs, { strict }))).toBe(
        `{\n    "predictions": ${laidOut(tensor, strict, 1, true, true)}\n}`,
      );
      expect(textOf(encodePredictOutputs("columnar", outputs, { strict }))).toBe(
        `{\n    "outputs": ${laidOut(tensor, strict, 1, false, false)}\n}`,
      );
    }),
    { numRuns: 500 },
  );
});

test("so they are one output of several", () => {
  const other = packedTensor(dtypeNamed("float"), [2, 20], new Uint8Array(new Float32Array(40).map(Math.sqrt).buffer));
  const outputs = new Map([
    [
      "y",
      packedTensor(dtypeNamed("int32"), [2, 3, 10], new Uint8Array(new Int32Array(60).map((_, i) => i ** 5).buffer)),
    ],
    ["z", other],
  ]);
  const answer = JSON.parse(textOf(encodePredictOutputs("row", outputs))) as {
    predictions: { y: number[][]; z: number[] }[];
  };
  expect(answer.predictions.map(({ y }) => y).flat(2)).toEqual(Array.from({ length: 60 }, (_, i) => (i ** 5) | 0));
  expect(answer.predictions.flatMap(({ z }) => z.map(Math.fround))).toEqual(
    Array.from(new Float32Array(40).map(Math.sqrt)),
  );
  expect(textOf(encodePredictOutputs("columnar", outputs))).toContain(`"z": ${laidOut(other, false, 2, false, false)}`);
});

test("more numbers than go into a window, in lists that end anywhere", () => {
  const values = Float64Array.from({ length: 3 * 7 * 2203 }, (_, i) => Math.sin(i) * 10 ** ((i % 60) - 30));
  for (const shape of [[values.length], [3, values.length / 3], [7, 3, 2203], [2203, 7, 3], [2203, 1, 21, 1]]) {
    const tensor = packedTensor(dtypeNamed("double"), shape, new Uint8Array(values.buffer));
    const outputs = new Map([["y", tensor]]);
    const rows = textOf(encodePredictOutputs("row", outputs));
    const columns = textOf(encodePredictOutputs("columnar", outputs));
    // Not by `expect`, which would show megabytes.
    expect(rows === `{\n    "predictions": ${laidOut(tensor, false, 1, true, true)}\n}`).toBe(true);
    expect(columns === `{\n    "outputs": ${laidOut(tensor, false, 1, false, false)}\n}`).toBe(true);
  }
});

test("more dimensions than the kernels count, and memory that is not aligned", () => {
  const shape = [2, ...Array.from({ length: 20 }, () => 1), 16];
  const memory = new Uint8Array(32 * 4 + 1);
  memory.set(new Uint8Array(new Float32Array(32).map((_, i) => i / 7).buffer), 1);
  const tensor = packedTensor(dtypeNamed("float"), shape, memory.subarray(1));
  expect(textOf(encodePredictOutputs("columnar", new Map([["y", tensor]])))).toBe(
    `{\n    "outputs": ${laidOut(tensor, false, 1, false, false)}\n}`,
  );
});
