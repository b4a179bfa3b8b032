import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { createServingMetrics, type ServingMetrics } from "./serving-metrics.ts";
import { type WorkerFigures, WorkerMetrics } from "./worker-metrics.ts";

/** Label values of a request. All but `code` are "" where the request named nothing that we have. */
export interface RequestLabels {
  readonly protocol: string;
  readonly method: string;
  readonly model: string;
  readonly version: string;
  readonly signature: string;
  /** Canonical, over REST too. */
  readonly code: string;
}

export type InFlightLabels = Pick<RequestLabels, "protocol" | "method" | "model">;

/** Where requests are counted. */
export interface RequestMetrics {
  entered(labels: InFlightLabels): void;
  left(labels: InFlightLabels): void;
  ended(labels: RequestLabels, seconds: number): void;
}

export interface MetricsSources {
  /** Asked at each scrape. */
  readonly workers: () => Promise<readonly WorkerFigures[]>;
  readonly ready: () => boolean;
}

export interface Metrics extends RequestMetrics {
  /** So many Predict calls have gone to a worker as one. */
  departed(labels: BatchLabels, calls: number): void;
  /** The same requests as TensorFlow Serving would count them. */
  readonly serving: ServingMetrics;
  /** Of the text that `render` makes. */
  readonly contentType: string;
  /** All metrics in the text format of Prometheus. */
  render(): Promise<string>;
}

export type BatchLabels = Pick<RequestLabels, "model" | "version" | "signature">;

const LABELS = ["protocol", "method", "model", "version", "signature", "code"] as const;
const IN_FLIGHT_LABELS = ["protocol", "method", "model"] as const;

/** From a small graph's half millisecond up to the default time limit of a REST call. */
const BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Gauges whose name ends like a counter's, which `promtool check metrics` refuses; they tell nothing about a gateway. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** A registry of its own, so that two gateways in one process don't mix. */
export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);

  const requests = new Counter({
    name: "tensorgate_requests_total",
    help: "Requests answered, whatever the answer was.",
    labelNames: LABELS,
    registers: [registry],
  });
  const durations = new Histogram({
    name: "tensorgate_request_duration_seconds",
    help: "Time from a request's arrival to its answer.",
    labelNames: LABELS,
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  });
  const inFlight = new Gauge({
    name: "tensorgate_requests_in_flight",
    help: "Requests that are being answered.",
    labelNames: IN_FLIGHT_LABELS,
    registers: [registry],
  });
  const batches = new Histogram({
    name: "tensorgate_batch_requests",
    help: "Predict requests that went to a worker as one call, of models with batching.",
    labelNames: ["model", "version", "signature"] as const,
    buckets: [1, 2, 4, 8, 16, 32, 64, 128],
    registers: [registry],
  });
  const ready = new Gauge({
    name: "tensorgate_ready",
    help: "1 once every wanted version is available or has failed to load and a worker serves, else 0.",
    registers: [registry],
  });
  const workers = new WorkerMetrics(registry);
  const serving = createServingMetrics();

  return {
    serving,
    contentType: registry.contentType,
    // The label objects are made here, as prom-client refuses members that are no label.
    entered: ({ protocol, method, model }) => inFlight.inc({ protocol, method, model }),
    left: ({ protocol, method, model }) => inFlight.dec({ protocol, method, model }),
    ended({ protocol, method, model, version, signature, code }, seconds) {
      const labels = { protocol, method, model, version, signature, code };
      serving.ended(labels, seconds);
      requests.inc(labels);
      durations.observe(labels, seconds);
    },
    departed: ({ model, version, signature }, calls) => batches.observe({ model, version, signature }, calls),
    async render() {
      ready.set(sources.ready() ? 1 : 0);
      workers.set(await sources.workers());
      return await registry.metrics();
    },
  };
}
