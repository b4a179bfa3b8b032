import { pythonComparison } from "./against-python.ts";
import type { Benchmark } from "./frame/index.ts";
import { HALF_PLUS_TWO } from "./models.ts";

export const benchmark: Benchmark = {
  name: "python-small",
  title: "JSON predict of 3 floats over 32 connections, one core each, against Python servers and Triton",
  goals: [
    {
      row: "throughput",
      measure: "JSON predict, 3 floats, against the best of the Python servers and Triton, one core each",
      of: "ratio",
      want: { atLeast: 8 },
    },
  ],
  run: async (options) =>
    await pythonComparison(options, {
      model: { name: "half_plus_two", path: HALF_PLUS_TWO, version: "00000123" },
      shapes: { rowShape: [] },
      rows: "[1.0,2.0,5.0]",
      count: 3,
      want: [2.5, 3, 4.5],
      connections: 32,
    }),
};
