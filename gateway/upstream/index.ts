export { leastOfTwo, NONE, type Picker } from "./balance/index.ts";
export { type Breaker, createBreaker } from "./breaker.ts";
export type { Endpoint } from "./endpoint.ts";
export type { ModelView } from "./model-view.ts";
export { modelsByPool } from "./models-by-pool.ts";
export type { PoolWorker } from "./pool-worker.ts";
export { createPools, type Pools, type PoolsOptions } from "./pools.ts";
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
