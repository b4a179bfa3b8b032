import { describe, expect, test } from "vitest";
import { type DTypeName, difference, dtypeNamed, packedTensor, stringTensor, type Tensor } from "../../tensor/index.ts";

const TOLERANCE = { relative: 1e-4, absolute: 1e-6 };

function packed(name: DTypeName, shape: readonly number[], values: { readonly buffer: ArrayBufferLike }): Tensor {
  return packedTensor(dtypeNamed(name), shape, new Uint8Array(values.buffer));
}
const floats = (...values: number[]): Tensor => packed("float", [values.length], Float32Array.from(values));
const doubles = (...values: number[]): Tensor => packed("double", [values.length], Float64Array.from(values));
const halves = (...bits: number[]): Tensor => packed("half", [bits.length], Uint16Array.from(bits));
const complexes = (...parts: number[]): Tensor => packed("complex64", [parts.length / 2], Float32Array.from(parts));
const ints = (...values: number[]): Tensor => packed("int32", [values.length], Int32Array.from(values));
const strings = (...values: string[]): Tensor =>
  stringTensor(
    [values.length],
    values.map((value) => Buffer.from(value)),
  );

describe("two tensors", () => {
  for (const { name, one, other, want } of [
    { name: "the same floats", one: floats(1, 2), other: floats(1, 2), want: undefined },
    { name: "floats a bit apart", one: floats(1000), other: floats(1000.05), want: undefined },
    { name: "floats further apart", one: floats(1, 1000), other: floats(1, 1000.2), want: "at 1" },
    { name: "small floats, within the absolute bound", one: doubles(1e-9), other: doubles(9e-7), want: undefined },
    { name: "small floats beyond it", one: doubles(0), other: doubles(1.1e-6), want: "0 and 0.0000011 at 0" },
    { name: "zeros of both signs", one: doubles(0), other: doubles(-0), want: undefined },
    { name: "NaN and NaN of other bits", one: halves(0x7e00), other: halves(0x7e01), want: undefined },
    { name: "NaN and a number", one: floats(NaN), other: floats(1), want: "NaN and 1 at 0" },
    { name: "infinities", one: floats(Infinity), other: floats(Infinity), want: undefined },
    { name: "infinities of both signs", one: floats(Infinity), other: floats(-Infinity), want: "at 0" },
    { name: "infinity and a number", one: floats(Infinity), other: floats(3e38), want: "at 0" },
    { name: "halves that are neighbours", one: halves(0x3c00), other: halves(0x3c01), want: "1 and 1.0009765625 at 0" },
    { name: "complex numbers, the imaginary part", one: complexes(1, 2), other: complexes(1, 3), want: "2 and 3 at 1" },
    { name: "whole numbers, one apart", one: ints(1_000_000), other: ints(1_000_001), want: "other values" },
    { name: "strings", one: strings("a", "b"), other: strings("a", "c"), want: "another string at 1" },
    { name: "the same strings", one: strings("a", ""), other: strings("a", ""), want: undefined },
    { name: "shapes", one: floats(1, 2), other: floats(1), want: "shape [2] and [1]" },
    { name: "ranks", one: floats(1), other: packed("float", [], Float32Array.of(1)), want: "shape [1] and []" },
    { name: "dtypes", one: floats(1), other: doubles(1), want: "float and double" },
  ]) {
    test(`${want === undefined ? "equal" : "unequal"}: ${name}`, () => {
      const found = difference(new Map([["y", one]]), new Map([["y", other]]), TOLERANCE);
      if (want === undefined) expect(found).toBeUndefined();
      else expect(found).toMatch(/^"y" differs: /);
      expect(found ?? "").toContain(want ?? "");
    });
  }
});

test("numbers need not be aligned", () => {
  const memory = new Uint8Array(9);
  const unaligned = packedTensor(dtypeNamed("double"), [1], memory.subarray(1));
  expect(difference(new Map([["y", unaligned]]), new Map([["y", doubles(5e-7)]]), TOLERANCE)).toBeUndefined();
});

test("a name that only one side has is a difference", () => {
  const [one, both] = [
    new Map([["y", floats(1)]]),
    new Map([
      ["y", floats(1)],
      ["z", floats(1)],
    ]),
  ];
  expect(difference(one, both, TOLERANCE)).toBe('"z" is on one side only');
  expect(difference(both, one, TOLERANCE)).toBe('"z" is on one side only');
});
