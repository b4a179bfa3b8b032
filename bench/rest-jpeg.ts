import { readFileSync } from "node:fs";
import { join } from "node:path";
import { envoyComparison, type RestBody } from "./against-envoy.ts";
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
    const examples = JSON.parse(readFileSync(join(benchModels(), "examples.json"), "utf8")) as Example[];
    // Several, since equal ones prove nothing about rows in company, so that the gateway would not merge them.
    const [first, ...others] = examples.map(bodyOf);
    if (first === undefined) throw new Error("there are no examples to send");
    return await envoyComparison(options, {
      models: [{ name: "jpeg_mean", path }],
      connections: 32,
      rest: { model: "jpeg_mean", bodies: [first, ...others] },
    });
  },
};

interface Example {
  readonly base64: string;
  readonly want: number;
}

function bodyOf({ base64, want }: Example): RestBody {
  return {
    ours: `{"instances":[{"b64":"${base64}"}]}`,
    inputs: `{"examples":{"dtype":"DT_STRING","tensorShape":{"dim":[{"size":"1"}]},"stringVal":["${base64}"]}}`,
    want: [want],
  };
}
