export type { Endpoint } from "./endpoint.ts";
export type { ModelView } from "./model-view.ts";
export { createPool, type Pool, type PoolOptions, type PoolWorker } from "./pool.ts";
export { Registry } from "./registry.ts";
export { quickDeathsAfter, RESTART_RULE, restartDelayMs } from "./restart-rule.ts";
export type { Retry, RetryBounds } from "./retry.ts";
export {
  type Launch,
  ownPlaces,
  type PlaceEvents,
  type WorkerFacts,
  type WorkerPlaces,
  type WorkerSlot,
} from "./supervisor.ts";
