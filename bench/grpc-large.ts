import { envoyComparison } from "./against-envoy.ts";
import type { Benchmark, Row } from "./frame/index.ts";
import { IMAGE_SHAPE, imageAsFloats, imageMean } from "./image.ts";
import { benchModel } from "./models.ts";
import { predictRequest } from "./requests.ts";

export const benchmark: Benchmark = {
  name: "grpc-large",
  title: "gRPC Predict of a 600 kB tensor over 32 connections, not merged, against Envoy passing gRPC through",
  goals: [
    { row: "bandwidth", measure: "gRPC Predict, 600 kB tensor, not merged", of: "ratio", want: { atLeast: 0.8 } },
  ],
  run: async (options) => {
    const message = predictRequest("image_mean", "x", imageAsFloats(), [1, ...IMAGE_SHAPE]);
    const outcome = await envoyComparison(options, {
      models: [{ name: "image_mean", path: benchModel("image_mean"), batching: "off" }],
      connections: 32,
      grpc: { name: "image_mean", message, want: [imageMean()] },
    });
    return { ...outcome, rows: outcome.rows.map((row) => asBandwidth(row, message.byteLength)) };
  },
};

/** Requests a second as megabytes a second. */
function asBandwidth(row: Row, bytes: number): Row {
  if (row.key !== "throughput") return row;
  const [ours, ...others] = row.sides.map(({ name, samples }) => ({
    name,
    samples: samples.map((perSecond) => (perSecond * bytes) / 1e6),
  }));
  return {
    ...row,
    key: "bandwidth",
    label: "requests' bytes",
    unit: "MB/s",
    sides: ours === undefined ? row.sides : [ours, ...others],
  };
}
