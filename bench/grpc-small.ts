import { envoyComparison } from "./against-envoy.ts";
import type { Benchmark } from "./frame/index.ts";
import { HALF_PLUS_TWO } from "./models.ts";
import { predictRequest } from "./requests.ts";

export const benchmark: Benchmark = {
  name: "grpc-small",
  title: "gRPC Predict of 3 floats over 32 connections, against Envoy passing gRPC through",
  goals: [
    {
      row: "throughput",
      measure: "gRPC Predict, 3 floats, end to end with the real model",
      of: "ratio",
      want: { atLeast: 1.5 },
    },
  ],
  run: async (options) =>
    await envoyComparison(options, {
      models: [{ name: "half_plus_two", path: HALF_PLUS_TWO }],
      connections: 32,
      grpc: {
        name: "half_plus_two",
        message: predictRequest("half_plus_two", "x", Float32Array.of(1, 2, 5), [3]),
        want: [2.5, 3, 4.5],
      },
    }),
};
