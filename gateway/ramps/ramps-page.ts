import { heading, labelText } from "../observe/index.ts";
import type { RampPhase } from "./ramp-state.ts";
import type { RampStatus } from "./status.ts";

const PHASES: readonly RampPhase[] = ["running", "paused", "rolledBack", "done"];

/** Ramps in the text format of Prometheus; "" when there are none. */
export function rampsPage(ramps: readonly RampStatus[]): string {
  if (ramps.length === 0) return "";
  return [
    ...heading("tensorgate_ramp_percent", "gauge", "What a ramp's arm gets of its route's requests, in percent."),
    ...ramps.map(
      ({ route, arm, percent }) => `tensorgate_ramp_percent{${labelText(["route", "arm"], [route, arm])}} ${percent}`,
    ),
    ...heading("tensorgate_ramp_phase", "gauge", "1 for the phase that a ramp is in, 0 for the others."),
    ...ramps.flatMap(({ route, phase }) =>
      PHASES.map(
        (each) => `tensorgate_ramp_phase{${labelText(["route", "phase"], [route, each])}} ${each === phase ? 1 : 0}`,
      ),
    ),
    "",
  ].join("\n");
}
