/** In which a circuit breaker is. */
export type BreakerState = "closed" | "halfOpen" | "open";

const LABEL_VALUES: Readonly<Record<BreakerState, string>> = { closed: "closed", halfOpen: "half_open", open: "open" };

/** One sample for each state, by the value of its label: 1 for the one that the breaker is in. */
export function breakerSamples(breaker: BreakerState): readonly (readonly [state: string, value: 0 | 1])[] {
  return Object.entries(LABEL_VALUES).map(([is, state]) => [state, is === breaker ? 1 : 0] as const);
}
