import { pythonComparison } from "./against-python.ts";
import type { Benchmark } from "./frame/index.ts";
import { IMAGE_SHAPE, imageAsJson, imageMean } from "./image.ts";
import { benchModel } from "./models.ts";

export const benchmark: Benchmark = {
  name: "python-image",
  title: "JSON predict of a 224×224×3 float image over 4 connections, one core each, against Python servers and Triton",
  goals: [
    {
      row: "throughput",
      measure: "JSON predict, 224×224×3 floats, against the best of the Python servers and Triton, one core each",
      of: "ratio",
      want: { atLeast: 5 },
    },
  ],
  run: async (options) =>
    // Some answer an image a second.
    await pythonComparison(
      { ...options, seconds: Math.max(options.seconds, 6) },
      {
        model: { name: "image_mean", path: benchModel("image_mean"), version: "1" },
        shapes: { rowShape: IMAGE_SHAPE },
        rows: `[${imageAsJson()}]`,
        count: 1,
        want: [imageMean()],
        connections: 4,
      },
    ),
};
