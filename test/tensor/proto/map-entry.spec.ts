import { expect, test } from "vitest";
import { decodePredictRequest } from "../../../tensor/index.ts";
import { valuesOf } from "./wire-data.ts";

/** A field of type LEN with a number below 16. */
function field(number: number, ...parts: readonly (string | readonly number[])[]): number[] {
  const content = parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part)] : part));
  return [number * 8 + 2, content.length, ...content];
}

const X = field(1, "x");
const FLOAT = [8, 1];
const TWO = field(2, field(2, [8, 2]));
const VALUES = field(5, [0, 0, 128, 63, 0, 0, 0, 64]);

for (const { name, entries } of [
  { name: "a value in one part", entries: [field(2, X, field(2, FLOAT, TWO, VALUES))] },
  { name: "a value in two parts, which are merged", entries: [field(2, X, field(2, FLOAT, TWO), field(2, VALUES))] },
  {
    name: "a value in parts in any order, empty ones too",
    entries: [field(2, field(2, VALUES), X, field(2, FLOAT), field(2), field(2, TWO))],
  },
  {
    name: "several entries of one name: the last counts, even if an earlier one cannot be read",
    entries: [field(2, X, field(2, [8, 99])), field(2, X, field(2, FLOAT, TWO, VALUES))],
  },
]) {
  test(name, () => {
    const tensor = decodePredictRequest(Uint8Array.from(entries.flat())).inputs.get("x")?.();
    expect(tensor && valuesOf(tensor)).toEqual([1, 2]);
  });
}
