import { readFileSync } from "node:fs";
import { join } from "node:path";
import { envoyComparison } from "./against-envoy.ts";
import type { Benchmark } from "./frame/index.ts";
import { benchModel, benchModels } from "./models.ts";

export const benchmark: Benchmark = {
  name: "rest-jpeg",
  title:
    "REST predict of a 224×224×3 image as base64 JPEG in a tf.Example over 32 connections, against Envoy's JSON transcoder",
  goals: [
    {
      row: "throughput",
      measure: "REST predict, 224×224×3 image as base64 JPEG in a tf.Example",
      of: "ratio",
      want: { atLeast: 2 },
    },
  ],
  run: async (options) => {
    const path = benchModel("jpeg_mean");
    const example = readFileSync(join(benchModels(), "example.bin")).toString("base64");
    const { jpeg_mean } = JSON.parse(readFileSync(join(benchModels(), "expected.json"), "utf8")) as {
      jpeg_mean: number;
    };
    return await envoyComparison(options, {
      models: [{ name: "jpeg_mean", path }],
      connections: 32,
      rest: {
        model: "jpeg_mean",
        ours: `{"instances":[{"b64":"${example}"}]}`,
        inputs: `{"examples":{"dtype":"DT_STRING","tensorShape":{"dim":[{"size":"1"}]},"stringVal":["${example}"]}}`,
        want: [jpeg_mean],
      },
    });
  },
};
