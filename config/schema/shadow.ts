import type { z } from "zod";
import { type Tolerance, toleranceSchema } from "./batching.ts";
import { section } from "./scalar.ts";
import { type Target, targetKeys, targetName, targetOf } from "./target.ts";
import { duration, integer, percent, size, text } from "./units.ts";

/** A target that gets copies of calls and whose answers nobody waits for. */
export interface ShadowConfig {
  /** For metrics, logs and the admin API; unique in its route. */
  readonly name: string;
  readonly target: Target;
  /** Of the route's calls. */
  readonly percent: number;
  /** Copies under way at once, those included that are about to be sent; one more is dropped. */
  readonly maxInFlight: number;
  /** What the requests of copies under way may take together; one more is dropped. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** Within which answers count as equal. */
  readonly tolerance: Tolerance;
  /** How many answers that differ are logged a minute. */
  readonly samplesPerMinute: number;
}

export const shadowSchema: z.ZodType<ShadowConfig> = section({
  name: text().optional().describe("For metrics and logs; default: its label, version, model, pool or signature."),
  ...targetKeys,
  percent: percent().prefault("100%").describe("Which part of the route's calls is copied."),
  maxInFlight: integer(1).prefault(64).describe("Copies under way at once; one more is dropped."),
  maxBytes: size().prefault("64MiB").describe("What the copies under way may take together; one more is dropped."),
  timeout: duration().prefault("10s").describe("How long a copy may take."),
  tolerance: toleranceSchema.prefault({}).describe("Within which two floats count as equal; either bound is enough."),
  samplesPerMinute: integer(0).prefault(6).describe("How many answers that differ are logged a minute."),
}).transform((input, context) => {
  const { name, percent, maxInFlight, maxBytes, timeout, tolerance, samplesPerMinute, ...keys } = input;
  const target = targetOf(keys, context);
  return {
    name: name ?? targetName(target),
    target,
    percent,
    maxInFlight,
    maxBytes,
    timeoutMs: timeout,
    tolerance,
    samplesPerMinute,
  };
});
