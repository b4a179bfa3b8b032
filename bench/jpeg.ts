import { readFileSync } from "node:fs";
import { join } from "node:path";
import { envoyComparison, type RestBody } from "./against-envoy.ts";
import type { Benchmark } from "./frame/index.ts";
import { benchModel, benchModels } from "./models.ts";

type JpegModel = "jpeg_mean" | "jpeg_size";

/** REST predict of tf.Examples that hold a JPEG, with a model that answers so much of it. */
export function jpegBenchmark(name: string, model: JpegModel, what: string): Benchmark {
  const measure = `REST predict, 224×224×3 image as base64 JPEG in a tf.Example, ${what}`;
  return {
    name,
    title: `${measure}, over 32 connections, against Envoy's JSON transcoder`,
    goals: [{ row: "throughput", measure, of: "ratio", want: { atLeast: 2 } }],
    run: async (options) => {
      const path = benchModel(model);
      const examples = JSON.parse(readFileSync(join(benchModels(), "examples.json"), "utf8")) as Example[];
      // Several, since equal ones prove nothing about rows in company, so that the gateway would not merge them.
      const [first, ...others] = examples.map((example) => bodyOf(example, model));
      if (first === undefined) throw new Error("there are no examples to send");
      return await envoyComparison(options, {
        models: [{ name: model, path }],
        connections: 32,
        rest: { model, bodies: [first, ...others] },
      });
    },
  };
}

interface Example {
  readonly base64: string;
  readonly want: Readonly<Record<JpegModel, number>>;
}

function bodyOf({ base64, want }: Example, model: JpegModel): RestBody {
  return {
    ours: `{"instances":[{"b64":"${base64}"}]}`,
    inputs: `{"examples":{"dtype":"DT_STRING","tensorShape":{"dim":[{"size":"1"}]},"stringVal":["${base64}"]}}`,
    want: [want[model]],
  };
}
