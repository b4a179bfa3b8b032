import { z } from "zod";
import type { StateDocument } from "../state/index.ts";
import type { RampState } from "./ramp-state.ts";

/** A ramp's state, and which ramp it is of. */
export interface Kept {
  readonly fingerprint: string;
  readonly state: RampState;
}

const seen = z.object({
  requests: z.number(),
  errorPercent: z.number(),
  refusedPercent: z.number(),
  latencyMs: z.number(),
});

const kept = z.object({
  fingerprint: z.string(),
  state: z.object({
    phase: z.enum(["running", "paused", "rolledBack", "done"]),
    step: z.int().min(0),
    spentMs: z.number().min(0),
    sinceMs: z.number(),
    seenMs: z.number(),
    reason: z.string(),
    baseline: seen.optional(),
  }),
});

const document = z.object({ ramps: z.record(z.string(), z.unknown()) });

/** The states by route. Throws nothing: `damaged` is told of what cannot be understood, and that is left out. */
export function readKept(store: StateDocument, damaged: (route: string | undefined) => void): Map<string, Kept> {
  const states = new Map<string, Kept>();
  const value = store.read();
  if (value === undefined) return states;
  const whole = document.safeParse(value);
  if (!whole.success) {
    damaged(undefined);
    return states;
  }
  for (const [route, each] of Object.entries(whole.data.ramps)) {
    const one = kept.safeParse(each);
    if (one.success)
      states.set(route, { ...one.data, state: { ...one.data.state, baseline: one.data.state.baseline } });
    else damaged(route);
  }
  return states;
}

export function writeKept(store: StateDocument, states: ReadonlyMap<string, Kept>): void {
  store.write({
    ramps: Object.fromEntries(Array.from(states, ([route, { fingerprint, state }]) => [route, { fingerprint, state }])),
  });
}
