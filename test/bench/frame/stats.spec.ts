import { expect, test } from "vitest";
import { type Goal, isMet, quantile, type Row, ratioOf, rivalOf, spreadOf } from "../../../bench/frame/index.ts";

function row(better: Row["better"], ...samples: number[][]): Row {
  const [ours = [], ...others] = samples;
  const sides: Row["sides"] = [
    { name: "ours", samples: ours },
    ...others.map((values, index) => ({ name: `other ${index}`, samples: values })),
  ];
  return { key: "k", label: "l", unit: "u", better, sides };
}

for (const { samples, want } of [
  { samples: [3], want: { median: 3, min: 3, max: 3 } },
  { samples: [9, 1, 4], want: { median: 4, min: 1, max: 9 } },
  { samples: [10, 2, 4, 8], want: { median: 6, min: 2, max: 10 } },
]) {
  test(`sums up ${samples.join(", ")}`, () => expect(spreadOf(samples)).toEqual(want));
}

test("takes quantiles between neighbours", () => {
  expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9);
  expect(quantile([1, 2, 3], 0.5)).toBe(2);
  expect(quantile([], 0.5)).toBeNaN();
});

test("takes ratios round by round, so that a slow round spoils neither side", () => {
  expect(ratioOf(row("more", [400, 40, 400], [100, 10, 100]))).toEqual({ median: 4, min: 4, max: 4 });
});

test("has the best of the others to beat, whichever way better is", () => {
  expect(rivalOf(row("more", [1], [10], [30], [20]))?.name).toBe("other 1");
  expect(rivalOf(row("less", [1], [30], [10], [20]))?.name).toBe("other 1");
  expect(rivalOf(row("more", [1]))).toBeUndefined();
});

const goal = (of: Goal["of"], want: Goal["want"]): Goal => ({ row: "k", measure: "m", of, want });

for (const { name, goal: wanted, of, met } of [
  { name: "a ratio that is reached", goal: goal("ratio", { atLeast: 4 }), of: row("more", [8], [2]), met: true },
  { name: "a ratio that is not", goal: goal("ratio", { atLeast: 4 }), of: row("more", [8], [3]), met: false },
  { name: "a bound that holds", goal: goal("ratio", { atMost: 1.3 }), of: row("less", [13], [10]), met: true },
  { name: "a bound that doesn't", goal: goal("ratio", { atMost: 1.3 }), of: row("less", [14], [10]), met: false },
  { name: "a value", goal: goal("value", { atMost: 50 }), of: row("less", [49], [1]), met: true },
  { name: "a ratio to nobody", goal: goal("ratio", { atLeast: 4 }), of: row("more", [8]), met: undefined },
]) {
  test(`judges ${name}`, () => expect(isMet(wanted, of)).toBe(met));
}
