import { pythonComparison } from "./against-python.ts";
import type { Benchmark } from "./frame/index.ts";
import { benchModel } from "./models.ts";
import { CNN_SHAPE, cnnAnswer, rampAsJson } from "./ramp.ts";

export const benchmark: Benchmark = {
  name: "python-cnn",
  title: "JSON predict with a compute-bound CNN over 32 connections, one core each, against Python servers and Triton",
  goals: [
    {
      row: "throughput",
      measure: "JSON predict, a compute-bound CNN, against the best of the Python servers and Triton, one core each",
      of: "ratio",
      want: { atLeast: 1.1 },
    },
  ],
  run: async (options) =>
    await pythonComparison(options, {
      model: { name: "cnn", path: benchModel("cnn"), version: "1" },
      shapes: { rowShape: CNN_SHAPE, outputSize: 10 },
      rows: `[${rampAsJson()}]`,
      count: 1,
      want: cnnAnswer(),
      connections: 32,
    }),
};
