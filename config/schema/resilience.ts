import type { z } from "zod";
import { section } from "./scalar.ts";
import { duration, durationOrNone, integer, percent } from "./units.ts";

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

const retries = section({
  attempts: integer(0).prefault(2).describe("How often one call may be sent again."),
  budget: percent().prefault("20%").describe("Retries may be at most this part of all calls."),
}).transform(({ attempts, budget }): RetryConfig => ({ attempts, budgetPercent: budget }));

const breaker = section({
  errorThreshold: percent().prefault("50%").describe("A worker is left alone when so many of its calls fail."),
  window: duration().prefault("10s").describe("Over which calls are counted."),
  minRequests: integer(1).prefault(20).describe("Fewer calls than this in the window never open the breaker."),
  resetTimeout: duration().prefault("5s").describe("How long a worker is left alone before a call tries it again."),
}).transform(
  ({ errorThreshold, window, minRequests, resetTimeout }): BreakerConfig => ({
    errorThresholdPercent: errorThreshold,
    windowMs: window,
    minRequests,
    resetTimeoutMs: resetTimeout,
  }),
);

export const resilienceSchema: z.ZodType<ResilienceConfig> = section({
  timeout: durationOrNone().prefault("none").describe("Caps every call, whatever deadline its client set."),
  retries: retries.prefault({}),
  breaker: breaker.prefault({}),
}).transform(({ timeout, ...others }): ResilienceConfig => ({ ...others, timeoutMs: timeout }));
