export { type BatchingOptions, createBatching } from "./batching.ts";
