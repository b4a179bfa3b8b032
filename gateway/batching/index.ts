export { type Batching, type BatchingOptions, createBatching } from "./batching.ts";
