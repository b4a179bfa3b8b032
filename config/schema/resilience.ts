/** `resilience:` — how calls to workers are bounded, retried and held back. Swapped by a reload. */
export interface ResilienceConfig {
  /** Caps every call, whatever deadline the client set; `Infinity`: no cap. */
  readonly timeoutMs: number;
  readonly retries: RetryConfig;
  readonly breaker: BreakerConfig;
}

export interface RetryConfig {
  /** How often one call may be sent again; 0: never. */
  readonly attempts: number;
  /** Retries may be at most this part of all calls, so that a sick pool is not drowned in them. */
  readonly budgetPercent: number;
}

/** One breaker a worker, in the terms of opossum. */
export interface BreakerConfig {
  /** Opens at this part of failed calls (`errorThresholdPercentage`). */
  readonly errorThresholdPercent: number;
  /** Over which calls are counted (`rollingCountTimeout`). */
  readonly windowMs: number;
  /** Never opens on fewer calls than this in the window (`volumeThreshold`). */
  readonly minRequests: number;
  /** How long it stays open before one call tries again (`resetTimeout`). */
  readonly resetTimeoutMs: number;
}
