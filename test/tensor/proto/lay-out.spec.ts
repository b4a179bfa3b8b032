import { describe, expect, test } from "vitest";
import { modelName, version } from "../../../core/index.ts";
import {
  type DTypeName,
  dtypeNamed,
  encodePredictResponse,
  layOutPredictResponse,
  type PackedTensor,
  type TensorForm,
} from "../../../tensor/index.ts";

const SPEC = { name: modelName("m"), version: version(7n), signature: "serving_default" };

function packed(name: DTypeName, shape: readonly number[], bytes: number): PackedTensor {
  const data = Uint8Array.from({ length: bytes }, (_, i) => (i * 37) % 251);
  return { kind: "packed", dtype: dtypeNamed(name), shape, data };
}

function laidOut(outputs: ReadonlyMap<string, PackedTensor>, form: TensorForm): Uint8Array | undefined {
  const heads = new Map(
    Array.from(outputs, ([alias, { dtype, shape, data }]) => [alias, { dtype, shape, byteLength: data.length }]),
  );
  const laid = layOutPredictResponse(SPEC, heads, form);
  for (const [i, { data }] of [...outputs.values()].entries()) laid?.places[i]?.set(data);
  return laid?.message;
}

describe("an answer that is laid out before its values are there", () => {
  const cases: readonly { name: string; outputs: ReadonlyMap<string, PackedTensor>; forms: readonly TensorForm[] }[] = [
    { name: "floats", outputs: new Map([["y", packed("float", [2, 3], 24)]]), forms: ["typed", "content"] },
    { name: "nothing in them", outputs: new Map([["y", packed("float", [0, 3], 0)]]), forms: ["typed", "content"] },
    { name: "no outputs", outputs: new Map(), forms: ["typed", "content"] },
    {
      name: "a field whose tag takes two bytes",
      outputs: new Map([["y", packed("float8_e5m2", [300], 300)]]),
      forms: ["typed", "content"],
    },
    {
      name: "several, one of a long name and one of many bytes",
      outputs: new Map([
        ["ä".repeat(200), packed("double", [1], 8)],
        ["z", packed("complex64", [40_000], 320_000)],
      ]),
      forms: ["typed", "content"],
    },
    { name: "whole numbers", outputs: new Map([["y", packed("int64", [5], 40)]]), forms: ["content"] },
  ];
  for (const { name, outputs, forms } of cases) {
    for (const form of forms) {
      test(`is the same message: ${name}, ${form}`, () => {
        expect(laidOut(outputs, form)).toEqual(encodePredictResponse(SPEC, outputs, form));
      });
    }
  }

  test("is refused where values change on their way", () => {
    expect(laidOut(new Map([["y", packed("int64", [5], 40)]]), "typed")).toBeUndefined();
    expect(laidOut(new Map([["y", packed("half", [5], 10)]]), "typed")).toBeUndefined();
  });
});
