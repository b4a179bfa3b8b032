import type { RampConfig } from "../../config/index.ts";
import { breachOf } from "./breach.ts";
import { phaseAtBegin, type RampState } from "./ramp-state.ts";
import type { Seen } from "./seen.ts";

/** What both arms have done lately: since the step began, but not further back than the guard's window. */
export interface Figures {
  readonly arm: Seen;
  readonly baseline: Seen;
}

/**
 * Between two looks no more time passes than this, and never less than none. So a step lasts as long as somebody watches it:
 * time in which no gateway ran does not count, nor does what a clock is set forward or back by.
 */
export const LONGEST_GAP_MS = 10_000;

/**
 * A ramp, one look later. A step passes once its time is over and the guard has held; with too few requests to judge, time
 * alone decides. `armIsThere` false: nothing of the arm is available, so that no time passes.
 */
export function next(
  state: RampState,
  ramp: RampConfig,
  figures: Figures,
  nowMs: number,
  armIsThere: boolean = true,
): RampState {
  const { guard, steps } = ramp;
  const passedMs = armIsThere ? Math.min(Math.max(nowMs - state.seenMs, 0), LONGEST_GAP_MS) : 0;
  const baseline = figures.baseline.requests >= guard.minRequests ? figures.baseline : state.baseline;
  const seen: RampState = { ...state, seenMs: nowMs, baseline };

  const breach = isWatched(state, ramp) ? breachOf(ramp, figures.arm, baseline) : undefined;
  if (breach !== undefined) {
    return { ...seen, phase: guard.onBreach === "pause" ? "paused" : "rolledBack", reason: breach, sinceMs: nowMs };
  }

  if (state.phase === "paused" || state.phase === "rolledBack") return seen;
  const spent: RampState = { ...seen, spentMs: state.spentMs + passedMs };
  const forMs = steps[state.step]?.forMs;
  if (state.phase === "done" || forMs === undefined || spent.spentMs < forMs) return spent;
  if (state.step === steps.length - 1) return { ...spent, phase: "done", sinceMs: nowMs };
  const step = state.step + 1;
  return { ...spent, step, phase: phaseAtBegin(ramp, step), spentMs: 0, sinceMs: nowMs };
}

/**
 * Whether the guard looks at the arm. Of a ramp that is done only for the first window of its last step: what goes wrong
 * later is an incident like any other. Whoever pauses a ramp by hand stops its steps, not its guard.
 */
export function isWatched({ phase, spentMs }: RampState, { guard }: RampConfig): boolean {
  switch (phase) {
    case "running":
      return true;
    case "paused":
      return guard.onBreach === "rollBack";
    case "done":
      return spentMs < guard.windowMs;
    case "rolledBack":
      return false;
  }
}
