export type { Listen } from "./listen.ts";
export { recordedInputs } from "./recorded-inputs.ts";
export { replayRecord } from "./replay.ts";
export type { InferenceRules } from "./rules.ts";
export { startServer } from "./server.ts";
