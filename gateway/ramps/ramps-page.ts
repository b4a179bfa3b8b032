import { heading, labelText } from "../observe/index.ts";
import type { RampPhase } from "./ramp-state.ts";
import type { RampStatus } from "./status.ts";

const PHASES: readonly (readonly [phase: RampPhase, label: string])[] = [
  ["running", "running"],
  ["paused", "paused"],
  ["rolledBack", "rolled_back"],
  ["done", "done"],
];

/** Ramps in the text format of Prometheus; "" when there are none. */
export function rampsPage(ramps: readonly RampStatus[]): string {
  if (ramps.length === 0) return "";
  return [
    ...heading("tensorgate_ramp_ratio", "gauge", "Which part of its route's requests a ramp's arm gets, from 0 to 1."),
    ...ramps.map(
      ({ route, arm, percent }) =>
        `tensorgate_ramp_ratio{${labelText(["route", "arm"], [route, arm])}} ${percent / 100}`,
    ),
    ...heading("tensorgate_ramp_phase", "gauge", "1 for the phase that a ramp is in, 0 for the others."),
    ...ramps.flatMap(({ route, phase }) =>
      PHASES.map(
        ([is, label]) =>
          `tensorgate_ramp_phase{${labelText(["route", "phase"], [route, label])}} ${is === phase ? 1 : 0}`,
      ),
    ),
    "",
  ].join("\n");
}
