/** When a dead worker is started again. */
export interface RestartRule {
  /** A worker that dies younger than this, or before it was ready, counts as a quick death. */
  readonly quickDeathMs: number;
  /** Waited before the second restart in a row of quick deaths; doubled for each further one. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export const RESTART_RULE: RestartRule = { quickDeathMs: 10_000, firstDelayMs: 500, maxDelayMs: 30_000 };

/** How a worker's life went. */
export interface Life {
  readonly lastedMs: number;
  readonly wasReady: boolean;
}

/** The quick deaths in a row after this life ended: 0 when it was long enough. */
export function quickDeathsAfter(rule: RestartRule, { lastedMs, wasReady }: Life, before: number): number {
  return wasReady && lastedMs >= rule.quickDeathMs ? 0 : before + 1;
}

/** The first restart is immediate; only quick deaths in a row back off. */
export function restartDelayMs(rule: RestartRule, quickDeaths: number): number {
  return quickDeaths < 2 ? 0 : Math.min(rule.maxDelayMs, rule.firstDelayMs * 2 ** (quickDeaths - 2));
}
