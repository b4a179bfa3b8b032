export type { RampCommand } from "./command.ts";
export { createRamps, type Ramps } from "./ramps.ts";
export { type ArmReport, sumOfReports } from "./report.ts";
export { type RampFacts, type RampStatus, rampFacts } from "./status.ts";
export { atFirstStep } from "./weights.ts";
