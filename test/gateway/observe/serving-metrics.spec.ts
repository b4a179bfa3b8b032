import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { modelName, version } from "../../../core/index.ts";
import type { Answer, Servable } from "../../../gateway/call.ts";
import { createMetrics, type ServingMetrics } from "../../../gateway/observe/index.ts";
import {
  encodeClassificationResponse,
  encodeMultiInferenceResponse,
  encodeRegressionResponse,
} from "../../../tensor/index.ts";
import { testWith } from "../../setup/programs.ts";

const REST = { protocol: "rest", method: "Predict", model: "m", version: "2", signature: "s", code: "OK" } as const;
const TARGET: Servable = {
  name: modelName("m"),
  version: version(2),
  signatures: new Map(),
  signatureDefMap: new Uint8Array(0),
  merging: new Map(),
};
const SPEC = { name: modelName("m"), version: version(2), signature: "s" };

function serving(): ServingMetrics {
  return createMetrics({ workers: async () => [], ready: () => true }).serving;
}

/** Lines that start so, without the metric's prefix. */
function rows(metrics: ServingMetrics, name: string): string[] {
  const prefix = `:tensorflow:serving:${name}`;
  return metrics
    .render()
    .split("\n")
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length));
}

function answer(message: Uint8Array): Answer {
  return { target: TARGET, arm: "", content: { is: "message", message } };
}

describe("requests are counted as TensorFlow Serving counts them:", () => {
  for (const { name, labels, want } of [
    { name: "REST by its verb", labels: REST, want: 'model_name="m",API="predict",entrypoint="REST"' },
    {
      name: "gRPC by its method",
      labels: { ...REST, protocol: "grpc", method: "Classify" },
      want: 'model_name="m",API="Classify",entrypoint="GRPC"',
    },
    {
      name: "status over REST without a verb",
      labels: { ...REST, method: "GetModelStatus" },
      want: 'model_name="m",API="",entrypoint="REST"',
    },
  ]) {
    test(name, () => {
      const metrics = serving();
      metrics.ended(labels, 0.003);
      expect(rows(metrics, "request_count")).toEqual(['{model_name="m",status="OK"} 1']);
      expect(rows(metrics, "request_latency_count")).toEqual([`{${want}} 1`]);
      expect(rows(metrics, "request_latency_sum")).toEqual([`{${want}} 3000`]);
    });
  }

  test("errors without a time", () => {
    const metrics = serving();
    metrics.ended({ ...REST, code: "NOT_FOUND" }, 1);
    metrics.ended({ ...REST, method: "Unknown", model: "", code: "INVALID_ARGUMENT" }, 1);
    expect(rows(metrics, "request_count")).toEqual([
      '{model_name="m",status="NOT_FOUND"} 1',
      '{model_name="",status="INVALID_ARGUMENT"} 1',
    ]);
    expect(rows(metrics, "request_latency")).toEqual([]);
  });

  test("what it does not count is not there", () => {
    const metrics = serving();
    for (const method of ["MultiInference", "GetModelMetadata", "GetModelStatus", "HandleReloadConfigRequest"]) {
      metrics.ended({ ...REST, protocol: "grpc", method }, 1);
    }
    for (const method of ["ListModels", "Preflight"]) metrics.ended({ ...REST, method }, 1);
    metrics.ended({ ...REST, method: "Unknown", model: "", code: "NOT_FOUND" }, 1);
    expect(metrics.render()).toBe("\n");
  });
});

test("latencies have 33 limits from 10 µs, each 1.8 times the last, printed with six digits", () => {
  const metrics = serving();
  metrics.ended(REST, 10e-6);
  const buckets = rows(metrics, "request_latency_bucket");
  expect(buckets).toHaveLength(34);
  const les = buckets.map((row) => /le="(.*?)"/.exec(row)?.[1]);
  expect(les.slice(0, 6)).toEqual(["10", "18", "32.4", "58.32", "104.976", "188.957"]);
  expect(les.slice(19, 21)).toEqual(["708235", "1.27482e+06"]);
  expect(les.at(-1)).toBe("+Inf");
  // A value at a limit is above it.
  expect(buckets.slice(0, 2)).toEqual([expect.stringMatching(/le="10"\} 0$/), expect.stringMatching(/le="18"\} 1$/)]);
});

test("runs and their examples are counted", () => {
  const metrics = serving();
  const classes = { labels: [Buffer.from("a")], scores: Float32Array.of(1) };
  const classified = encodeClassificationResponse(SPEC, [classes, classes]);
  const regressed = encodeRegressionResponse(SPEC, Float32Array.of(1, 2, 3));
  const multi = encodeMultiInferenceResponse([
    { kind: "regression", spec: SPEC, values: Float32Array.of(1, 2, 3, 4) },
    { kind: "classification", spec: SPEC, results: [classes, classes, classes, classes] },
  ]);
  metrics.ran("Predict", answer(new Uint8Array(0)), 0.5);
  metrics.ran("Classify", answer(classified), 0.5);
  metrics.ran("Regress", answer(regressed), 0.5);
  metrics.ran("MultiInference", answer(multi), 0.5);
  expect(rows(metrics, "runtime_latency_sum")).toEqual(
    ["Predict", "Classify", "Regress", "MultiInference"].map(
      (api) => `{model_name="m",API="${api}",runtime="TF1"} 500000`,
    ),
  );
  expect(rows(metrics, "request_example_count_total")).toEqual(['{model="m"} 9']);
  expect(rows(metrics, "request_example_counts_sum")).toEqual(['{model="m"} 9']);
  expect(rows(metrics, "request_example_counts_count")).toEqual(['{model="m"} 3']);
});

test("loads are counted by the version's folder", () => {
  const metrics = serving();
  const load = { directory: "/m/1", succeeded: true, loadMicros: 2_000, warmUpMicros: 500, warmUpRecords: 3 };
  metrics.tried({ ...load, succeeded: false });
  metrics.tried(load);
  metrics.tried({ ...load, directory: "/n/1", warmUpRecords: 0 });
  const text = metrics.render();
  expect(text).toContain(':tensorflow:cc:saved_model:load_attempt_count{model_path="/m/1",status="fail"} 1\n');
  expect(text).toContain(':tensorflow:cc:saved_model:load_attempt_count{model_path="/m/1",status="success"} 1\n');
  expect(text).toContain(':tensorflow:cc:saved_model:load_latency{model_path="/m/1"} 2000\n');
  expect(rows(metrics, "model_warmup_latency_sum")).toEqual(['{model_path="/m/1",status="OK"} 500']);
  expect(rows(metrics, "model_warmup_records_read")).toEqual(['{model_path="/m/1",status="OK"} 3']);
});

test("a name of any text stays one label", () => {
  const metrics = serving();
  metrics.ended({ ...REST, model: 'a"\\\nb' }, 1);
  expect(rows(metrics, "request_count")).toEqual(['{model_name="a\\"\\\\\\nb",status="OK"} 1']);
});

test("an integer metric is known by its name with slashes", () => {
  const metrics = serving();
  metrics.ended(REST, 1);
  metrics.ended({ ...REST, model: "n", code: "INTERNAL" }, 1);
  expect(metrics.valueOf("/tensorflow/serving/request_count")).toBe(2);
  expect(metrics.valueOf("/tensorflow/serving/request_latency")).toBe(0);
  expect(metrics.valueOf("/tensorflow/other")).toBe(0);
});

testWith("promtool")("promtool reads them", () => {
  const metrics = serving();
  metrics.ended({ ...REST, model: 'a"\\\nb' }, 1);
  metrics.ended({ ...REST, code: "INTERNAL" }, 1);
  const { status, stderr } = spawnSync("promtool", ["check", "metrics"], { input: metrics.render() });
  // 3: it has something to say about the style, which is TensorFlow's.
  expect(status, String(stderr)).toBe(3);
});
