export type { Arrival, ObservedMethod } from "./access.ts";
export { createAccessLog } from "./access-log.ts";
export { labelText } from "./label-text.ts";
export { createMetrics, type Metrics, type MetricsPage } from "./metrics.ts";
export { createObserver, type Observation, type Observer } from "./observation.ts";
export { observedBody } from "./observed-body.ts";
export { type ArmFigures, LATENCY_BOUNDS_SECONDS, RouteFigures } from "./route-figures.ts";
export type { LoadTry, ServingMetrics } from "./serving-metrics.ts";
export type { WorkerFigures } from "./worker-metrics.ts";
