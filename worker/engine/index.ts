export type { Engine, LoadedModel, LoadOptions, RunCall } from "./engine.ts";
