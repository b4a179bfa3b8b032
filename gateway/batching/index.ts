export { createBatching } from "./batching.ts";
