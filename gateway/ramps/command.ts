import type { RampConfig } from "../../config/index.ts";
import { InferenceError } from "../../core/index.ts";
import { firstState, phaseAtBegin, type RampState } from "./ramp-state.ts";

export type RampCommand = "pause" | "resume" | "rollBack" | "restart";

/** What a person wants done with a ramp. FAILED_PRECONDITION where that makes no sense; what is so already stays as it is. */
export function obey(state: RampState, ramp: RampConfig, command: RampCommand, nowMs: number): RampState {
  const { phase } = state;
  switch (command) {
    case "pause":
      if (phase === "paused") return state;
      if (phase !== "running") throw senseless(command, phase);
      return { ...state, phase: "paused", reason: BY_HAND, sinceMs: nowMs, seenMs: nowMs };
    case "resume":
      if (phase === "rolledBack") throw senseless(command, phase);
      if (phase !== "paused") return state;
      return { ...state, phase: phaseAtBegin(ramp, state.step), reason: "", sinceMs: nowMs, seenMs: nowMs };
    case "rollBack":
      if (phase === "rolledBack") return state;
      return { ...state, phase: "rolledBack", reason: BY_HAND, sinceMs: nowMs, seenMs: nowMs };
    case "restart":
      return firstState(ramp, nowMs);
  }
}

const BY_HAND = "by hand";

function senseless(command: RampCommand, phase: RampState["phase"]): InferenceError {
  const is = phase === "rolledBack" ? "rolled back" : phase;
  return new InferenceError("FAILED_PRECONDITION", `cannot ${command} a ramp that is ${is}; restart begins it anew`);
}
