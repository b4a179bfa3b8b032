export type { Benchmark, Goal, Options, Outcome, RequestCounts, Row, Side } from "./benchmark.ts";
export { chartOf } from "./chart.ts";
export { type CpuProfile, framesOf } from "./cpu-profile.ts";
export { flameGraph } from "./flame-graph.ts";
export { type Cores, describeCores, describeMachine, planCores, versionOf, whereIs } from "./machine.ts";
export { callsPerSecond, inTurns, sumOfResults } from "./paired.ts";
export {
  commandOf,
  cpuSeconds,
  descendantsOf,
  freePort,
  pin,
  printed,
  type Running,
  type Start,
  start,
  until,
} from "./processes.ts";
export {
  benchFolder,
  parseResult,
  projectFolder,
  type Result,
  readResult,
  resultsFolder,
  writeResult,
} from "./results.ts";
export { scratchFolder } from "./scratch.ts";
export { isMet, quantile, ratioOf, rivalOf, type Spread, spreadOf } from "./stats.ts";
export { tableOf, withTable, writeTable } from "./table.ts";
export { figure, resultText } from "./text.ts";
