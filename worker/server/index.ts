export type { Listen } from "./listen.ts";
export { recordedInputs } from "./recorded-inputs.ts";
export { replayRecord } from "./replay.ts";
export type { InferenceRules } from "./rules.ts";
export { type ServerOptions, startServer, type WorkerServer } from "./server.ts";
export { ORIGIN_KEY } from "./status.ts";
