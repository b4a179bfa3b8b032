import { exampleCount } from "../../tensor/index.ts";
import { messageOf } from "../answer-content.ts";
import type { Answer, InferenceMethod } from "../call.ts";
import type { RequestLabels } from "./request-figures.ts";
import { ServingCounter, ServingHistogram, type ServingMetric } from "./serving-text.ts";

/** A try of a worker to load a version. */
export interface LoadTry {
  /** The version's folder. */
  readonly directory: string;
  readonly succeeded: boolean;
  /** Of a load that succeeded, without its warm-up. */
  readonly loadMicros: number;
  readonly warmUpMicros: number;
  /** 0 where there was no warm-up. */
  readonly warmUpRecords: number;
}

/**
 * The metrics of TensorFlow Serving under its own names, so that dashboards made for it keep working. Left out are those of
 * what is not here: request logging, its batching threads, ML metadata.
 */
export interface ServingMetrics {
  /** A request has ended. `model` is "" unless it is one that we have. */
  ended(labels: RequestLabels, seconds: number): void;
  /** A graph has run and answered, or a route in place of one, which does not count; the way to the worker and back does. */
  ran(method: InferenceMethod, answer: Pick<Answer, "target" | "content">, seconds: number): void;
  tried(load: LoadTry): void;
  /** The value of an integer metric by its name, `/tensorflow/serving/request_count`; 0 for any other name. */
  valueOf(name: string): number;
  render(): string;
}

/** 10 µs to some 20 minutes. */
const LATENCY = [10, 1.8, 33] as const;

const VERBS: Readonly<Record<string, string>> = { Predict: "predict", Classify: "classify", Regress: "regress" };

/** Over REST status, metadata and what the API refuses count too; a path or method outside of the API does not. */
function isLook(method: string, code: string): boolean {
  if (method === "Unknown") return code === "INVALID_ARGUMENT";
  return method === "GetModelStatus" || method === "GetModelMetadata";
}

export function createServingMetrics(): ServingMetrics {
  const serving = "/tensorflow/serving";
  const requests = new ServingCounter(`${serving}/request_count`, ["model_name", "status"]);
  const latency = new ServingHistogram(`${serving}/request_latency`, ["model_name", "API", "entrypoint"], ...LATENCY);
  const runtime = new ServingHistogram(`${serving}/runtime_latency`, ["model_name", "API", "runtime"], ...LATENCY);
  const exampleCounts = new ServingHistogram(`${serving}/request_example_counts`, ["model"], 1, 2, 15);
  const exampleTotal = new ServingCounter(`${serving}/request_example_count_total`, ["model"]);
  const warmUp = new ServingHistogram(`${serving}/model_warmup_latency`, ["model_path", "status"], ...LATENCY);
  const warmUpRecords = new ServingCounter(`${serving}/model_warmup_records_read`, ["model_path", "status"]);
  const loadTries = new ServingCounter("/tensorflow/cc/saved_model/load_attempt_count", ["model_path", "status"]);
  const loadMicros = new ServingCounter("/tensorflow/cc/saved_model/load_latency", ["model_path"]);
  const all: readonly ServingMetric[] = [
    loadTries,
    loadMicros,
    warmUp,
    warmUpRecords,
    exampleTotal,
    exampleCounts,
    requests,
    latency,
    runtime,
  ];

  return {
    ended({ protocol, method, model, code }, seconds) {
      const verb = VERBS[method];
      if (verb === undefined && !(protocol === "rest" && isLook(method, code))) return;
      requests.add(1, model, code);
      if (code !== "OK") return;
      const micros = seconds * 1e6;
      if (protocol === "grpc") latency.observe(micros, model, method, "GRPC");
      else latency.observe(micros, model, verb ?? "", "REST");
    },
    ran(method, { target, content }, seconds) {
      if (target === undefined) return;
      runtime.observe(seconds * 1e6, target.name, method, "TF1");
      if (method === "Predict") return;
      const examples = exampleCount(method, messageOf(content));
      exampleCounts.observe(examples, target.name);
      exampleTotal.add(examples, target.name);
    },
    tried(load) {
      loadTries.add(1, load.directory, load.succeeded ? "success" : "fail");
      if (!load.succeeded) return;
      loadMicros.add(load.loadMicros, load.directory);
      if (load.warmUpRecords === 0) return;
      warmUp.observe(load.warmUpMicros, load.directory, "OK");
      warmUpRecords.add(load.warmUpRecords, load.directory, "OK");
    },
    valueOf: (name) => all.find((metric) => metric.name === name)?.total ?? 0,
    render: () => `${all.flatMap((metric) => metric.lines()).join("\n")}\n`,
  };
}
