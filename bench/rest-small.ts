import { envoyComparison } from "./against-envoy.ts";
import type { Benchmark } from "./frame/index.ts";
import { HALF_PLUS_TWO } from "./models.ts";

export const benchmark: Benchmark = {
  name: "rest-small",
  title: "REST predict of 3 floats over 32 connections, against Envoy's JSON transcoder",
  goals: [
    { row: "throughput", measure: "REST predict, 3 floats", of: "ratio", want: { atLeast: 4 } },
    { row: "p50", measure: "REST predict, 3 floats: median latency", of: "ratio", want: { atMost: 1 } },
    { row: "p99", measure: "REST predict, 3 floats: 99th percentile of latency", of: "ratio", want: { atMost: 1 } },
  ],
  run: async (options) =>
    await envoyComparison(options, {
      models: [{ name: "half_plus_two", path: HALF_PLUS_TWO }],
      connections: 32,
      rest: {
        model: "half_plus_two",
        bodies: [
          {
            ours: '{"instances": [1.0, 2.0, 5.0]}',
            inputs: '{"x":{"dtype":"DT_FLOAT","tensorShape":{"dim":[{"size":"3"}]},"floatVal":[1.0,2.0,5.0]}}',
            want: [2.5, 3, 4.5],
          },
        ],
      },
    }),
};
