import { describe, expect, test } from "vitest";
import { modelName, version } from "../../../core/index.ts";
import type { AnswerContent } from "../../../gateway/call.ts";
import { type ComparedOutput, compareAnswers } from "../../../gateway/comparing/index.ts";
import {
  type DTypeName,
  dtypeNamed,
  encodeClassificationResponse,
  encodePredictResponse,
  encodeRegressionResponse,
  packedTensor,
  stringTensor,
  type Tensor,
} from "../../../tensor/index.ts";

const SPEC = { name: modelName("m"), version: version(1), signature: "s" };
const TOLERANCE = { relative: 1e-4, absolute: 1e-6 };

type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int32Array
  | Uint16Array
  | BigInt64Array
  | BigUint64Array;

function packed(name: DTypeName, shape: readonly number[], values: Numbers): Tensor {
  return packedTensor(dtypeNamed(name), shape, new Uint8Array(values.buffer));
}

const floats = (shape: readonly number[], ...values: readonly number[]): Tensor =>
  packed("float", shape, Float32Array.from(values));
const int64s = (...values: readonly bigint[]): Tensor => packed("int64", [values.length], BigInt64Array.from(values));
const texts = (shape: readonly number[], ...values: readonly string[]): Tensor =>
  stringTensor(
    shape,
    values.map((value) => Buffer.from(value)),
  );

function outputs(tensors: Readonly<Record<string, Tensor>>): AnswerContent {
  return { is: "outputs", spec: SPEC, outputs: new Map(Object.entries(tensors)) };
}

function compared(one: Tensor, other: Tensor): Omit<ComparedOutput, "output"> {
  const { outputs: found } = compareAnswers("Predict", outputs({ y: one }), outputs({ y: other }), TOLERANCE);
  const [{ output, ...rest }] = found as readonly [ComparedOutput];
  expect(output).toBe("y");
  return rest;
}

interface Case {
  readonly name: string;
  readonly one: Tensor;
  readonly other: Tensor;
  readonly want: Partial<ComparedOutput>;
}

function rows(cases: readonly Case[]): void {
  for (const { name, one, other, want } of cases) test(name, () => expect(compared(one, other)).toMatchObject(want));
}

describe("values", () =>
  rows([
    {
      name: "that are the same",
      one: floats([2], 1, Number.NaN),
      other: floats([2], 1, Number.NaN),
      want: { isEqual: true, maxAbsDifference: 0, rows: 2, disagreeing: 0 },
    },
    {
      name: "within the tolerance are equal, and their difference is told",
      one: floats([2], 1000, 0.5),
      other: floats([2], 1000.0625, 0.5),
      want: { isEqual: true, maxAbsDifference: 0.0625, rows: 2, disagreeing: 0 },
    },
    {
      name: "beyond it differ, each row by itself",
      one: floats([3], 1, 2, 3),
      other: floats([3], 1, 2.5, 4),
      want: { isEqual: false, maxAbsDifference: 1, rows: 3, disagreeing: 2, worstRow: 2 },
    },
    {
      name: "that are no number on one side differ, and count for no distance",
      one: floats([3], Number.NaN, 1, Number.POSITIVE_INFINITY),
      other: floats([3], 1, 1, Number.POSITIVE_INFINITY),
      want: { isEqual: false, maxAbsDifference: 0, rows: 3, disagreeing: 1, worstRow: 0 },
    },
    {
      // Some bit patterns are NaN's.
      name: "that are no number on either side are equal, whatever their bits",
      one: packed("float", [2], new Float32Array(Uint32Array.of(0x7fc00000, 0).buffer)),
      other: packed("float", [2], new Float32Array(Uint32Array.of(0x7fc00001, 0).buffer)),
      want: { isEqual: true, maxAbsDifference: 0, disagreeing: 0 },
    },
    {
      name: "of whole numbers have no tolerance",
      one: packed("int32", [2], Int32Array.of(1_000_000, 7)),
      other: packed("int32", [2], Int32Array.of(1_000_001, 7)),
      want: { isEqual: false, maxAbsDifference: 1, rows: 2, disagreeing: 1 },
    },
    {
      name: "of 64 bits are told apart beyond what a double holds",
      one: int64s(9_007_199_254_740_993n, -1n),
      other: int64s(9_007_199_254_740_992n, -1n),
      want: { isEqual: false, maxAbsDifference: 1, disagreeing: 1, worstRow: 0 },
    },
    {
      name: "of 64 bits across zero are one apart",
      one: int64s(-1n),
      other: int64s(0n),
      want: { isEqual: false, maxAbsDifference: 1 },
    },
    {
      name: "of half precision",
      one: packed("half", [2], Uint16Array.of(0x3c00, 0x4000)),
      other: packed("half", [2], Uint16Array.of(0x3c00, 0x4200)),
      want: { isEqual: false, maxAbsDifference: 1, disagreeing: 1 },
    },
    {
      name: "of complex numbers, part by part",
      one: packed("complex64", [2], Float32Array.of(1, 2, 3, 4)),
      other: packed("complex64", [2], Float32Array.of(1, 2, 3, 4.5)),
      want: { isEqual: false, maxAbsDifference: 0.5, rows: 2, disagreeing: 1, worstRow: 1 },
    },
    {
      name: "that are true or false have no distance",
      one: packed("bool", [3], Uint8Array.of(1, 0, 1)),
      other: packed("bool", [3], Uint8Array.of(1, 1, 1)),
      want: { isEqual: false, maxAbsDifference: undefined, rows: 3, disagreeing: 1, worstRow: 1 },
    },
    {
      name: "that are texts, row by row",
      one: texts([2, 2], "a", "b", "c", "d"),
      other: texts([2, 2], "a", "b", "c", "e"),
      want: { isEqual: false, maxAbsDifference: undefined, rows: 2, disagreeing: 1, worstRow: 1 },
    },
    {
      name: "of a scalar are one row",
      one: floats([], 1),
      other: floats([], 2),
      want: { isEqual: false, maxAbsDifference: 1, rows: 1, disagreeing: 1 },
    },
    {
      name: "of which there are none",
      one: floats([0, 3]),
      other: floats([0, 3]),
      want: { isEqual: true, rows: 0, disagreeing: 0 },
    },
  ]));

describe("classes", () =>
  rows([
    {
      name: "agree although scores differ",
      one: floats([2, 3], 0.1, 0.7, 0.2, 0.5, 0.3, 0.2),
      other: floats([2, 3], 0.2, 0.5, 0.3, 0.4, 0.3, 0.3),
      want: { isEqual: false, rows: 2, disagreeing: 0 },
    },
    {
      name: "disagree where the largest stands elsewhere, be it by little",
      one: floats([2, 2], 0.5, 0.5000001, 0.9, 0.1),
      other: floats([2, 2], 0.5000001, 0.5, 0.9, 0.1),
      want: { isEqual: true, rows: 2, disagreeing: 1 },
    },
    {
      name: "are the first of equal scores",
      one: floats([1, 3], 0.4, 0.4, 0.2),
      other: floats([1, 3], 0.5, 0.3, 0.2),
      want: { disagreeing: 0 },
    },
    {
      name: "stand along the last axis, however many are before it",
      one: floats([1, 2, 2], 1, 0, 0, 1),
      other: floats([1, 2, 2], 1, 0, 1, 0),
      want: { rows: 2, disagreeing: 1, worstRow: 1 },
    },
    {
      name: "are not there where the last axis has one element",
      one: floats([2, 1], 1, 2),
      other: floats([2, 1], 1, 3),
      want: { rows: 2, disagreeing: 1 },
    },
    {
      name: "of whole scores",
      one: packed("uint8", [1, 3], Uint8Array.of(1, 200, 3)),
      other: packed("uint8", [1, 3], Uint8Array.of(1, 100, 3)),
      want: { isEqual: false, maxAbsDifference: 100, disagreeing: 0 },
    },
  ]));

describe("what cannot be compared", () =>
  rows([
    {
      name: "another dtype",
      one: floats([1], 1),
      other: packed("double", [1], Float64Array.of(1)),
      want: { isEqual: false, mismatch: "dtype float and double", rows: 0, maxAbsDifference: undefined },
    },
    {
      name: "another shape",
      one: floats([2, 1], 1, 2),
      other: floats([2], 1, 2),
      want: { isEqual: false, mismatch: "shape [2,1] and [2]", rows: 0 },
    },
  ]));

test("an output that is there on one side only makes answers differ, and is the worst of it", () => {
  const one = outputs({ y: floats([1], 1), lost: floats([1], 1) });
  const other = outputs({ y: floats([1], 5), new: floats([1], 1) });
  const { outputs: found, worst } = compareAnswers("Predict", one, other, TOLERANCE);
  expect(found.map(({ output, mismatch }) => [output, mismatch])).toEqual([
    ["y", undefined],
    ["lost", "only the caller has it"],
    ["new", "only the copy has it"],
  ]);
  expect(worst).toMatchObject({ output: "lost", values: ["[1]", ""] });
});

test("the values that are shown are of the worst row of the worst output, and few", () => {
  const wide = Array.from({ length: 12 }, (_, i) => i);
  const one = outputs({ a: floats([1], 1), b: floats([2, 12], ...wide, ...wide), c: texts([1], "x".repeat(60)) });
  const other = outputs({ a: floats([1], 1.5), b: floats([2, 12], ...wide, 9, ...wide.slice(1)), c: texts([1], "y") });
  const { worst } = compareAnswers("Predict", one, other, TOLERANCE);
  expect(worst).toMatchObject({
    output: "b",
    worstRow: 1,
    values: ["[0, 1, 2, 3, 4, 5, 6, 7, …]", "[9, 1, 2, 3, 4, 5, 6, 7, …]"],
  });
  const { worst: text } = compareAnswers(
    "Predict",
    outputs({ c: texts([1], "x".repeat(60)) }),
    outputs({ c: texts([1], "y") }),
    TOLERANCE,
  );
  expect(text?.values).toEqual([`["${"x".repeat(38)}…]`, '["y"]']);
});

test("tensors that came in a message are compared with others that were taken apart", () => {
  const tensors = { y: floats([2, 1], 1, 2) };
  const message = encodePredictResponse(SPEC, new Map(Object.entries(tensors)), "typed");
  const { worst } = compareAnswers("Predict", { is: "message", message }, outputs(tensors), TOLERANCE);
  expect(worst).toBeUndefined();
});

const classes = (one: AnswerContent, other: AnswerContent) => compareAnswers("Classify", one, other, TOLERANCE);

describe("Classify", () => {
  type Row = readonly (readonly [label: string, score: number])[];
  const answer = (...results: readonly Row[]): AnswerContent => ({
    is: "message",
    message: encodeClassificationResponse(
      SPEC,
      results.map((row) => ({
        labels: row.map(([label]) => Buffer.from(label)),
        scores: Float32Array.from(row, ([, score]) => score),
      })),
    ),
  });

  test("scores are compared by label, in whatever order they come", () => {
    const { outputs: found, worst } = classes(
      answer([
        ["cat", 0.75],
        ["dog", 0.25],
      ]),
      answer([
        ["dog", 0.25],
        ["cat", 0.75],
      ]),
    );
    expect(found).toMatchObject([{ output: "classes", isEqual: true, maxAbsDifference: 0, rows: 1, disagreeing: 0 }]);
    expect(worst).toBeUndefined();
  });

  test("the best label decides whether an example agrees", () => {
    const { outputs: found, worst } = classes(
      answer(
        [
          ["cat", 0.75],
          ["dog", 0.25],
        ],
        [
          ["cat", 1],
          ["dog", 0],
        ],
      ),
      answer(
        [
          ["cat", 0.25],
          ["dog", 0.75],
        ],
        [
          ["cat", 0.5],
          ["dog", 0.25],
        ],
      ),
    );
    expect(found).toMatchObject([{ isEqual: false, maxAbsDifference: 0.5, rows: 2, disagreeing: 1, worstRow: 0 }]);
    expect(worst?.values).toEqual(["[cat 0.75, dog 0.25]", "[cat 0.25, dog 0.75]"]);
  });

  test("classes without labels are known by their place", () => {
    const { outputs: found } = classes(
      answer([
        ["", 1],
        ["", 2],
      ]),
      answer([
        ["", 2],
        ["", 1],
      ]),
    );
    expect(found).toMatchObject([{ isEqual: false, maxAbsDifference: 1, disagreeing: 1 }]);
  });

  test("a label that is there on one side only makes them differ", () => {
    for (const answers of [
      [
        answer([["cat", 1]]),
        answer([
          ["cat", 1],
          ["dog", 0],
        ]),
      ],
      [
        answer([
          ["cat", 1],
          ["dog", 0],
        ]),
        answer([["cat", 1]]),
      ],
    ] as const) {
      const { outputs: found } = classes(...answers);
      expect(found).toMatchObject([{ isEqual: false, maxAbsDifference: 0, disagreeing: 0 }]);
    }
  });

  test("other labels are not equal", () => {
    const { outputs: found } = classes(answer([["cat", 1]]), answer([["dog", 1]]));
    expect(found).toMatchObject([{ isEqual: false, maxAbsDifference: undefined, disagreeing: 1 }]);
  });

  test("another number of examples cannot be compared", () => {
    const { outputs: found } = classes(answer([["cat", 1]]), answer());
    expect(found).toMatchObject([{ mismatch: "1 and 0 examples", rows: 0 }]);
  });
});

const regressions = (...values: readonly number[]): AnswerContent => ({
  is: "message",
  message: encodeRegressionResponse(SPEC, Float32Array.from(values)),
});

test("Regress: the values, one for each example", () => {
  const { outputs: found } = compareAnswers("Regress", regressions(1, 2), regressions(1, 4), TOLERANCE);
  expect(found).toMatchObject([{ output: "outputs", isEqual: false, maxAbsDifference: 2, rows: 2, disagreeing: 1 }]);
});

test("what is no answer is refused", () => {
  const broken: AnswerContent = { is: "message", message: Uint8Array.of(0x0a, 0xff) };
  for (const method of ["Predict", "Classify", "Regress"] as const) {
    expect(() => compareAnswers(method, broken, broken, TOLERANCE)).toThrow(
      expect.objectContaining({ code: "INTERNAL" }),
    );
  }
});
