import { expect, test } from "vitest";
import {
  dtypeNamed,
  joinRows,
  packedTensor,
  rowCount,
  sliceRows,
  stringTensor,
  type Tensor,
} from "../../tensor/index.ts";

const int16 = (shape: readonly number[], ...values: number[]): Tensor =>
  packedTensor(dtypeNamed("int16"), shape, new Uint8Array(Int16Array.from(values).buffer));
const strings = (shape: readonly number[], ...values: string[]): Tensor =>
  stringTensor(
    shape,
    values.map((value) => Buffer.from(value)),
  );
const named = (...tensors: Tensor[]): ReadonlyMap<string, Tensor> =>
  new Map(tensors.map((tensor, i) => [String(i), tensor]));

for (const { name, tensors, want } of [
  { name: "one tensor", tensors: named(int16([2, 3], 1, 2, 3, 4, 5, 6)), want: 2 },
  { name: "two that agree", tensors: named(int16([2], 1, 2), strings([2, 1], "a", "b")), want: 2 },
  { name: "two that differ", tensors: named(int16([2], 1, 2), int16([1], 1)), want: undefined },
  { name: "a scalar", tensors: named(int16([2], 1, 2), int16([], 1)), want: undefined },
  { name: "an empty batch", tensors: named(int16([0])), want: undefined },
  { name: "none", tensors: named(), want: undefined },
]) {
  test(`counts the rows of ${name}: ${want}`, () => expect(rowCount(tensors)).toBe(want));
}

for (const { name, parts, whole } of [
  {
    name: "numbers",
    parts: [int16([1, 2], 1, 2), int16([2, 2], 3, 4, 5, 6)],
    whole: int16([3, 2], 1, 2, 3, 4, 5, 6),
  },
  {
    name: "strings",
    parts: [strings([2, 2], "a", "b", "c", "d"), strings([1, 2], "", "f")],
    whole: strings([3, 2], "a", "b", "c", "d", "", "f"),
  },
  { name: "rows without elements", parts: [int16([2, 0]), int16([1, 0])], whole: int16([3, 0]) },
]) {
  test(`joins ${name}, and takes them apart again`, () => {
    const joined = joinRows(parts);
    expect(plain(joined)).toEqual(plain(whole));
    let from = 0;
    for (const part of parts) {
      const rows = part.shape[0] as number;
      expect(plain(sliceRows(joined, from, rows))).toEqual(plain(part));
      from += rows;
    }
  });
}

function plain(tensor: Tensor): unknown {
  const values = tensor.kind === "string" ? tensor.values.map(String) : Buffer.from(tensor.data).toString("hex");
  return { dtype: tensor.dtype.name, shape: tensor.shape, values };
}
