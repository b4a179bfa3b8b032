import type { RampConfig } from "../../config/index.ts";
import type { Figures } from "./next.ts";
import { percentOf, type RampPhase, type RampState } from "./ramp-state.ts";

/** A ramp as people see it; plain JSON. */
export interface RampStatus {
  readonly route: string;
  /** The arm that grows. */
  readonly arm: string;
  readonly baseline: string;
  readonly phase: RampPhase;
  /** Of `steps`, from 1. */
  readonly step: number;
  readonly steps: number;
  /** What the arm gets of the route's requests. */
  readonly percent: number;
  /** When step and phase last changed, in ISO 8601. */
  readonly since: string;
  /** When the step will be over if all goes well; undefined: nothing ends it by itself. */
  readonly until?: string;
  /** Why it is paused or rolled back. */
  readonly reason?: string;
  /** Why no time passes for now. */
  readonly waits?: string;
  /** Of both arms, when they were last looked at; undefined: not yet. */
  readonly figures?: Figures;
}

/** Of a ramp, what everybody may see. */
export type RampFacts = Pick<RampStatus, "route" | "arm" | "phase" | "step" | "steps" | "percent">;

export function rampFacts({ route, arm, phase, step, steps, percent }: RampStatus): RampFacts {
  return { route, arm, phase, step, steps, percent };
}

/** The names of the two arms, and what the ramp asks of them. */
export interface RampParts {
  readonly route: string;
  readonly ramp: RampConfig;
  readonly baseline: string;
}

export function statusOf(
  { route, ramp, baseline }: RampParts,
  state: RampState,
  figures: Figures | undefined,
): RampStatus {
  const { phase, step, reason } = state;
  const forMs = ramp.steps[step]?.forMs;
  return {
    route,
    arm: ramp.arm,
    baseline,
    phase,
    step: step + 1,
    steps: ramp.steps.length,
    percent: percentOf(ramp, state),
    since: new Date(state.sinceMs).toISOString(),
    ...(phase === "running" && forMs !== undefined
      ? { until: new Date(state.seenMs + Math.max(0, forMs - state.spentMs)).toISOString() }
      : {}),
    ...(reason === "" ? {} : { reason }),
    ...(figures === undefined ? {} : { figures }),
  };
}
