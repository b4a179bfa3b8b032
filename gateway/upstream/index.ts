export { leastOfTwo, NONE, type Picker } from "./balance/index.ts";
export { type Breaker, createBreaker } from "./breaker.ts";
export { modelsByPool } from "./models-by-pool.ts";
export { createPools, type Pools, type PoolsOptions } from "./pools.ts";
export { Registry } from "./registry.ts";
export { quickDeathsAfter, RESTART_RULE, restartDelayMs } from "./restart-rule.ts";
export type { RetryBounds } from "./retry.ts";
export {
  type Launch,
  ownPlaces,
  type PlaceEvents,
  type WorkerFacts,
  type WorkerPlaces,
  type WorkerSlot,
} from "./supervisor.ts";
