import type { RampConfig } from "../../config/index.ts";
import type { Seen } from "./seen.ts";

export type RampPhase =
  /** One step after the other. */
  | "running"
  /** The arm keeps its percent, and no time passes. */
  | "paused"
  /** The arm gets nothing, until somebody restarts the ramp or changes it. */
  | "rolledBack"
  /** The arm keeps the last step's percent. */
  | "done";

/** All there is to know of a ramp to go on with it, in this process or the next. */
export interface RampState {
  readonly phase: RampPhase;
  /** Among the ramp's steps, from 0. */
  readonly step: number;
  /** Of the step's time. */
  readonly spentMs: number;
  /** When step and phase last changed, by the clock on the wall, for people. */
  readonly sinceMs: number;
  /** When it was last looked at; time passes from one look to the next. */
  readonly seenMs: number;
  /** Why it is paused or rolled back; "" otherwise. */
  readonly reason: string;
  /** What the baseline did when it last had enough requests to be judged by, in whichever step that was. */
  readonly baseline: Seen | undefined;
}

export function firstState(ramp: RampConfig, nowMs: number): RampState {
  const state = { spentMs: 0, sinceMs: nowMs, seenMs: nowMs, reason: "", baseline: undefined };
  return { ...state, step: 0, phase: phaseAtBegin(ramp, 0) };
}

/** A last step that has no time of its own is the end of the ramp. */
export function phaseAtBegin({ steps }: RampConfig, step: number): RampPhase {
  return steps[step]?.forMs === undefined ? "done" : "running";
}

/** The arm's part of the requests at this moment, in percent. */
export function percentOf({ steps }: RampConfig, { phase, step }: RampState): number {
  return phase === "rolledBack" ? 0 : (steps[step]?.percent ?? 0);
}
