export type { Engine, LoadedModel, RunCall } from "./engine.ts";
export { createTensorFlowEngine, type SessionSettings } from "./tensorflow/index.ts";
