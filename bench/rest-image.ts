import { envoyComparison } from "./against-envoy.ts";
import type { Benchmark } from "./frame/index.ts";
import { IMAGE_SHAPE, imageAsJson, imageMean, imageValues } from "./image.ts";
import { benchModel } from "./models.ts";

export const benchmark: Benchmark = {
  name: "rest-image",
  title: "REST predict of a 224×224×3 float image as nested JSON over 4 connections, against Envoy's JSON transcoder",
  goals: [
    {
      row: "throughput",
      measure: "REST predict, 224×224×3 floats as nested JSON, 4 connections",
      of: "ratio",
      want: { atLeast: 7 },
    },
  ],
  run: async (options) => {
    const dims = [1, ...IMAGE_SHAPE].map((size) => ({ size: String(size) }));
    const shape = JSON.stringify({ dim: dims });
    return await envoyComparison(options, {
      models: [{ name: "image_mean", path: benchModel("image_mean") }],
      connections: 4,
      rest: {
        model: "image_mean",
        bodies: [
          {
            ours: `{"instances":[${imageAsJson()}]}`,
            inputs: `{"x":{"dtype":"DT_FLOAT","tensorShape":${shape},"floatVal":[${imageValues().join(",")}]}}`,
            want: [imageMean()],
          },
        ],
      },
    });
  },
};
