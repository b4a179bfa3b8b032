import { expect, test } from "vitest";
import { modelName, version } from "../../../core/index.ts";
import {
  decodeClassificationResponse,
  decodeRegressionResponse,
  encodeClassificationResponse,
  encodeRegressionResponse,
  splitResults,
} from "../../../tensor/index.ts";

const spec = { name: modelName("m"), version: version(7), signature: "s" };
const labels = (text: string): Uint8Array[] => [new TextEncoder().encode(text)];

test("each part has its own results, in their order, and the answer's spec", () => {
  const message = encodeRegressionResponse(spec, Float32Array.of(0, 1, -0, 2.5, 3));
  const parts = splitResults(message, [2, 1, 2])?.map(decodeRegressionResponse);
  expect(parts).toEqual([
    { spec, values: Float32Array.of(0, 1) },
    { spec, values: Float32Array.of(-0) },
    { spec, values: Float32Array.of(2.5, 3) },
  ]);
  const results = ["a", "b", "c"].map((text, i) => ({ labels: labels(text), scores: Float32Array.of(i) }));
  const classified = splitResults(encodeClassificationResponse(spec, results), [1, 2]);
  expect(classified?.map((part) => decodeClassificationResponse(part).results.length)).toEqual([1, 2]);
  expect(decodeClassificationResponse(classified?.[1] as Uint8Array)).toEqual({ spec, results: results.slice(1) });
});

test("other than so many results are not split", () => {
  const message = encodeRegressionResponse(spec, Float32Array.of(1, 2, 3));
  expect(splitResults(message, [1, 1])).toBeUndefined();
  expect(splitResults(message, [2, 2])).toBeUndefined();
  expect(splitResults(new Uint8Array(0), [1])).toBeUndefined();
});

test("bytes that are no answer are the worker's fault", () => {
  expect(() => splitResults(Uint8Array.of(10, 5, 1), [1])).toThrow("the answer cannot be read");
});
