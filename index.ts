export { InferenceError } from "./core/index.ts";
