export type { Effect, Engine, LoadedModel, LoadOptions, RunCall } from "./engine.ts";
export { createTensorFlowEngine, type SessionSettings } from "./tensorflow/index.ts";
