import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { BatchFigures, type BatchLabels } from "./batch-figures.ts";
import { type HttpFigures, HttpMetrics } from "./http-metrics.ts";
import { type PoolFigures, PoolMetrics } from "./pool-metrics.ts";
import type { Presence } from "./presence.ts";
import { type InFlightLabels, RequestFigures, type RequestLabels } from "./request-figures.ts";
import { RouteFigures } from "./route-figures.ts";
import { createServingMetrics, type ServingMetrics } from "./serving-metrics.ts";
import { ShadowMetrics } from "./shadow-metrics.ts";
import { sumOfPages } from "./sum-pages.ts";
import { type WorkerFigures, WorkerMetrics } from "./worker-metrics.ts";

/** Where requests are counted. */
export interface RequestMetrics {
  /** Whoever says so says when it has left, once. */
  entered(labels: InFlightLabels): { left(): void };
  ended(labels: RequestLabels, seconds: number): void;
}

export interface MetricsSources {
  /** Asked at each scrape. */
  readonly workers: () => Promise<readonly WorkerFigures[]>;
  /** Those beside the local workers. */
  readonly pools?: () => readonly PoolFigures[];
  readonly ready: () => boolean;
  /** Metrics that the process which keeps the configuration counts alone: lines of our own page. */
  readonly control?: () => Promise<string>;
  /** Requests that other HTTP servers answer; asked at each scrape. */
  readonly http?: () => HttpFigures;
  /** Asked at each scrape. Default: whatever has been there stays. */
  readonly presence?: () => Presence;
  /** What other processes of the same gateway have counted, to be added. */
  readonly others?: (page: MetricsPage) => Promise<readonly string[]>;
}

/** A page of metrics: our own, or those under TensorFlow Serving's names. */
export type MetricsPage = "own" | "serving";

export interface Metrics extends RequestMetrics {
  /** So many Predict calls have gone to a worker as one. */
  departed(labels: BatchLabels, calls: number): void;
  /** What routes have decided. */
  readonly routes: RouteFigures;
  /** The same requests as TensorFlow Serving would count them. */
  readonly serving: ServingMetrics;
  readonly shadows: ShadowMetrics;
  /** Requests that other HTTP servers answer. */
  readonly http: HttpMetrics;
  /** Of our own page. */
  readonly contentType: string;
  /** What all processes of the gateway have counted together, in the text format of Prometheus. */
  page(which: MetricsPage): Promise<string>;
  /** The same of this process alone. */
  pageOfThis(which: MetricsPage): Promise<string>;
}

/** Gauges whose name ends like a counter's, which `promtool check metrics` refuses; they tell nothing about a gateway. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** A registry of its own, so that two gateways in one process don't mix. */
export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);

  const requests = new RequestFigures();
  const routes = new RouteFigures();
  const batches = new BatchFigures();
  const ready = new Gauge({
    name: "tensorgate_ready",
    help: "1 once every wanted version is available or has failed to load and a worker serves, else 0.",
    registers: [registry],
  });
  const workers = new WorkerMetrics(registry);
  const pools = new PoolMetrics(registry);
  const http = new HttpMetrics(registry);
  const serving = createServingMetrics();

  const pageOfThis = async (which: MetricsPage): Promise<string> => {
    if (which === "serving") return serving.render();
    ready.set(sources.ready() ? 1 : 0);
    if (sources.http !== undefined) http.set(sources.http());
    workers.set(await sources.workers());
    pools.set(sources.pools?.() ?? []);
    const page = `${requests.render()}${routes.render()}${batches.render()}${await registry.metrics()}`;
    const presence = sources.presence?.();
    if (presence === undefined) return page;
    for (const figures of [requests, routes, batches]) figures.forgetGone(presence);
    await http.forgetGone(presence);
    return page;
  };
  return {
    routes,
    serving,
    shadows: new ShadowMetrics(registry),
    http,
    contentType: registry.contentType,
    entered: (labels) => requests.entered(labels),
    ended(labels, seconds) {
      serving.ended(labels, seconds);
      requests.ended(labels, seconds);
    },
    departed: (labels, calls) => batches.departed(labels, calls),
    pageOfThis,
    async page(which) {
      const others = sources.others?.(which) ?? [];
      const control = which === "own" ? (sources.control?.() ?? "") : "";
      const [own, rest, more] = await Promise.all([pageOfThis(which), others, control]);
      return `${sumOfPages([own, ...rest])}${more}`;
    },
  };
}
