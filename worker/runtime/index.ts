export { runRuntimeCommand } from "./command.ts";
export { ensureRuntime, locateRuntime, type RuntimeOptions, removeRuntime } from "./ensure.ts";
export type { Progress } from "./progress.ts";
export { NoRuntimeError, type Runtime } from "./runtime.ts";
