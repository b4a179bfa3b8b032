import type { z } from "zod";
import { list, scalar, section } from "./scalar.ts";
import { duration, integer, percent, text, word } from "./units.ts";

/** One arm of a split that grows by steps for as long as it does as well as another. */
export interface RampConfig {
  /** The arm that grows, by name; the others share what it leaves, by their weights. */
  readonly arm: string;
  /** What it is held against, by name; undefined: the heaviest of the others. */
  readonly baseline: string | undefined;
  readonly steps: readonly RampStep[];
  readonly guard: RampGuard;
}

export interface RampStep {
  readonly percent: number;
  /** Undefined for the last step: it stays. */
  readonly forMs: number | undefined;
}

/** When the arm has done worse than it may. Undefined: not looked at. */
export interface RampGuard {
  /** Over how long requests are counted; not further back than the step's begin. */
  readonly windowMs: number;
  /** With fewer requests of the arm in the window nothing is judged. */
  readonly minRequests: number;
  /** Percent of the arm's requests that may fail, whatever the baseline does. */
  readonly maxErrorPercent: number | undefined;
  /** By how many percentage points more of its requests may fail than of the baseline's. */
  readonly maxErrorIncreasePercent: number | undefined;
  /** Of `latencyQuantile`, whatever the baseline's. */
  readonly maxLatencyMs: number | undefined;
  /** By how many percent its latency may exceed the baseline's. */
  readonly maxLatencyIncreasePercent: number | undefined;
  /** In percent: 99 is the 99th percentile. */
  readonly latencyQuantilePercent: number;
  readonly onBreach: "rollBack" | "pause";
}

const step = section({
  percent: percent().describe("The arm's part of the route's requests."),
  for: duration().optional().describe("How long; the last step stays and needs none."),
}).transform(({ percent, for: forMs }): RampStep => ({ percent, forMs }));

const guard = section({
  window: duration().prefault("1m").describe("Over how long requests are counted."),
  minRequests: integer(1).prefault(20).describe("With fewer requests of the arm in the window nothing is judged."),
  maxErrors: percent().optional().describe("Part of the arm's requests that may fail."),
  maxErrorIncrease: percent().prefault("1%").describe("How many percentage points more than of the baseline's."),
  maxLatency: duration().optional().describe("What the arm's latency may be."),
  maxLatencyIncrease: growth().optional().describe("By how much its latency may exceed the baseline's: 50%."),
  latencyQuantile: percent().prefault("99%").describe("Which latency is looked at: 99% is the 99th percentile."),
  onBreach: word("rollBack", "pause").prefault("rollBack").describe("What happens when the arm does worse."),
}).transform(
  ({ window, maxErrors, maxErrorIncrease, maxLatency, maxLatencyIncrease, latencyQuantile, ...others }): RampGuard => ({
    ...others,
    windowMs: window,
    maxErrorPercent: maxErrors,
    maxErrorIncreasePercent: maxErrorIncrease,
    maxLatencyMs: maxLatency,
    maxLatencyIncreasePercent: maxLatencyIncrease,
    latencyQuantilePercent: latencyQuantile,
  }),
);

export const rampSchema: z.ZodType<RampConfig> = section({
  arm: text().describe("The arm of the split that grows."),
  baseline: text().optional().describe("The arm that it is held against; default: the heaviest of the others."),
  steps: list(step, 1).describe("One after the other, while the guard holds."),
  guard: guard.prefault({}),
}).transform(({ baseline, ...others }, context): RampConfig => {
  const { steps } = others;
  for (const [i, { forMs, percent }] of steps.entries()) {
    const wrong = (message: string, key: string): void =>
      context.addIssue({ code: "custom", message, path: ["steps", i, key], input: steps });
    if (forMs === undefined && i < steps.length - 1) wrong("is missing: only the last step stays", "for");
    if (percent <= (steps[i - 1]?.percent ?? 0)) wrong("expected more than in the step before", "percent");
  }
  return { ...others, baseline };
});

/** As `percent()`, but may be over 100 %. */
function growth(): z.ZodType<number> {
  return scalar("a percentage like 50%", { type: "string", pattern: "^\\d+(\\.\\d+)?%$" }, (value) =>
    typeof value === "string" && /^\d+(\.\d+)?%$/.test(value) ? Number(value.slice(0, -1)) : undefined,
  );
}
