import { expect, test } from "vitest";
import { encodeClassifications, encodeRegressions, errorBody } from "../../../tensor/index.ts";
import { bytesOf, failureOf, textOf } from "./support.ts";

test("classifications are pairs of label and score", () => {
  const results = [
    { labels: [bytesOf("car"), bytesOf('b"ike')], scores: Float32Array.of(0.2, 0.7) },
    { labels: [], scores: new Float32Array(0) },
    { labels: [bytesOf("")], scores: Float32Array.of(Number.NaN) },
  ];
  expect(textOf(encodeClassifications(results))).toBe(
    '{\n    "results": [[["car", 0.2], ["b\\"ike", 0.7]], [], [["", NaN]]\n    ]\n}',
  );
});

test("regressions are values", () => {
  expect(textOf(encodeRegressions(Float32Array.of(2, 0.9, -Infinity)))).toBe(
    '{\n    "results": [2.0, 0.9, -Infinity]\n}',
  );
});

test("strictly, they are JSON", () => {
  const results = [{ labels: [Uint8Array.of(0xff), bytesOf("é")], scores: Float32Array.of(Number.NaN, 1) }];
  const classes = textOf(encodeClassifications(results, { strict: true }));
  expect(JSON.parse(classes)).toEqual({
    results: [
      [
        [{ b64: "/w==" }, "NaN"],
        ["é", 1],
      ],
    ],
  });
  const values = textOf(encodeRegressions(Float32Array.of(-Infinity, 2), { strict: true }));
  expect(JSON.parse(values)).toEqual({ results: ["-Infinity", 2] });
});

test("no results at all cannot be told", () => {
  expect(failureOf(() => encodeClassifications([]))).toBe(
    "INVALID_ARGUMENT: Cannot convert empty ClassificationResults to JSON",
  );
  expect(failureOf(() => encodeRegressions(new Float32Array(0)))).toBe(
    "INVALID_ARGUMENT: Cannot convert empty RegressionResults to JSON",
  );
});

test("an error body holds the message alone", () => {
  expect(textOf(errorBody('Bad key: "k"\n\u{1} 键/'))).toBe('{\n    "error": "Bad key: \\"k\\"\\n\\u0001 键/"\n}');
});
