import type { z } from "zod";
import { type ErrorCode, STATUS_CODES } from "../../core/index.ts";
import { didYouMean } from "../nearest.ts";
import { list, scalar, section, shortOr, Unfit } from "./scalar.ts";
import { type Target, targetSchema } from "./target.ts";
import { duration } from "./units.ts";

/** Who answers in place of a route's own targets. */
export interface FallbackConfig {
  /** In this order; the last one's failure is the client's. */
  readonly to: readonly Target[];
  /** What the next one is asked after. A target without an available version is always passed over. */
  readonly on: readonly ErrorCode[];
  /** How long each but the last may take; undefined: what the call has left. */
  readonly afterMs: number | undefined;
}

export const DEFAULT_FALLBACK_CODES: readonly ErrorCode[] = ["UNAVAILABLE", "DEADLINE_EXCEEDED"];

const CODES = Object.keys(STATUS_CODES).filter((code) => code !== "OK") as ErrorCode[];
const WORDS: ReadonlyMap<string, ErrorCode> = new Map([
  ...CODES.map((code) => [code.toLowerCase(), code] as const),
  ["timeout", "DEADLINE_EXCEEDED"],
]);

/** A gRPC status code by name, in any letter case, or `timeout`. */
function errorCode(): z.ZodType<ErrorCode> {
  const words = ["timeout", ...CODES];
  return scalar("a gRPC status code like UNAVAILABLE, or timeout", { enum: [...words, "unavailable"] }, (value) => {
    if (typeof value !== "string") return undefined;
    const expected = `expected a gRPC status code like UNAVAILABLE, or timeout, got "${value}"`;
    return WORDS.get(value.toLowerCase()) ?? new Unfit(`${expected}${didYouMean(value, words)}`);
  });
}

const targets = list(targetSchema, 1);

export const fallbackSchema: z.ZodType<FallbackConfig> = shortOr(
  targets.transform((to): FallbackConfig => ({ to, on: DEFAULT_FALLBACK_CODES, afterMs: undefined })),
  section({
    to: targets.describe("Asked one after the other, until one answers."),
    on: list(errorCode(), 1)
      .prefault(["unavailable", "timeout"])
      .describe("What the next one is asked after: gRPC status codes, or timeout."),
    after: duration().optional().describe("How long each but the last may take."),
  }).transform(({ to, on, after }): FallbackConfig => ({ to, on, afterMs: after })),
);
