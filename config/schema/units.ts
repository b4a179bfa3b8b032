import type { z } from "zod";
import { parseVersion, type Version } from "../../core/index.ts";
import { didYouMean } from "../nearest.ts";
import { scalar, Unfit } from "./scalar.ts";

const MS_OF = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds: `10s`, `500ms`, `1m30s`, or a number of ms. */
export function duration(): z.ZodType<number> {
  return scalar("a duration like 10s, 500ms or 1m", durationShape([]), parseDuration);
}

/** As {@link duration}, or `none` for no limit: `Infinity`. */
export function durationOrNone(): z.ZodType<number> {
  return scalar("a duration like 10s, 500ms or 1m, or none", durationShape(["none"]), (value) =>
    value === "none" ? Number.POSITIVE_INFINITY : parseDuration(value),
  );
}

/** Undefined for anything that is no duration. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === "number") return value >= 0 && Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || !/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(value)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of value.matchAll(/([\d.]+)(ms|s|m|h)/g)) {
    totalMs += Number(amount) * MS_OF[unit as keyof typeof MS_OF];
  }
  return totalMs;
}

export function durationShape(words: readonly string[], mayBeNegative = false): Record<string, unknown> {
  const pattern = ["(\\d+(\\.\\d+)?(ms|s|m|h))+", ...words].join("|");
  return {
    anyOf: [
      { type: "string", pattern: `^(${pattern})$` },
      { type: "number", ...(mayBeNegative ? {} : { minimum: 0 }) },
    ],
  };
}

const SIZE = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b$/i;

/** Bytes: `256MiB` (2^20), `64MB` (10^6), or a number of bytes. */
export function size(): z.ZodType<number> {
  const shape = {
    anyOf: [
      { type: "string", pattern: "^\\d+(\\.\\d+)?\\s*([kKmMgGtT][iI]?)?[bB]$" },
      { type: "integer", minimum: 1 },
    ],
  };
  return scalar("a size like 256MiB or 64MB", shape, (value) => {
    if (typeof value === "number") return Number.isSafeInteger(value) && value > 0 ? value : undefined;
    const [, amount, prefix = "", binary] = typeof value === "string" ? (SIZE.exec(value) ?? []) : [];
    if (amount === undefined || (prefix === "" && binary !== "")) return undefined;
    const power = " kmgt".indexOf(prefix.toLowerCase() || " ");
    const bytes = Math.floor(Number(amount) * (binary === "" ? 1000 : 1024) ** power);
    return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
  });
}

/** Percents: `20%` is 20. A bare number is refused, as 0.2 and 20 are both written for it elsewhere. */
export function percent(): z.ZodType<number> {
  return scalar("a percentage like 20%", { type: "string", pattern: "^\\d+(\\.\\d+)?%$" }, (value) => {
    if (typeof value !== "string" || !/^\d+(\.\d+)?%$/.test(value)) return undefined;
    const percents = Number(value.slice(0, -1));
    return percents <= 100 ? percents : undefined;
  });
}

export function integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): z.ZodType<number> {
  const bounded = maximum !== Number.MAX_SAFE_INTEGER;
  const expected = bounded ? `a whole number from ${minimum} to ${maximum}` : `a whole number, at least ${minimum}`;
  const shape = { type: "integer", minimum, ...(bounded ? { maximum } : {}) };
  return scalar(expected, shape, (value) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= minimum && value <= maximum
      ? value
      : undefined,
  );
}

export function number(minimum: number, maximum: number = Number.POSITIVE_INFINITY): z.ZodType<number> {
  const bounded = Number.isFinite(maximum);
  const expected = bounded ? `a number from ${minimum} to ${maximum}` : `a number, at least ${minimum}`;
  const shape = { type: "number", minimum, ...(bounded ? { maximum } : {}) };
  return scalar(expected, shape, (value) =>
    typeof value === "number" && Number.isFinite(value) && value >= minimum && value <= maximum ? value : undefined,
  );
}

export function yesNo(): z.ZodType<boolean> {
  return scalar("true or false", { type: "boolean" }, (value) => (typeof value === "boolean" ? value : undefined));
}

export function word<const W extends string>(...words: readonly W[]): z.ZodType<W> {
  const choices = words.map((each) => `"${each}"`).join(", ");
  const expected = words.length === 1 ? choices : `one of ${choices}`;
  return scalar(expected, { enum: words }, (value) => {
    const found = words.find((each) => each === value);
    if (found !== undefined || typeof value !== "string") return found;
    return new Unfit(`expected ${expected}, got "${value}"${didYouMean(value, words)}`);
  });
}

/** Any text of at least one character. */
export function text(): z.ZodType<string> {
  return scalar("text", { type: "string", minLength: 1 }, parseText);
}

/** A text that is often a mere number: `devices: [0, 1]`. */
export function textOrNumber(): z.ZodType<string> {
  return scalar("text or a number", { type: ["string", "integer"] }, (value) => {
    if (typeof value === "number") return String(value);
    return typeof value === "string" ? value : undefined;
  });
}

/** Refuses what has no UTF-8 form (half a surrogate pair), since names travel as UTF-8. */
export function parseText(value: unknown): string | Unfit | undefined {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") {
    return new Unfit(`expected text, got ${value}: write it in quotes`);
  }
  if (typeof value !== "string") return undefined;
  if (value === "") return new Unfit("expected text, got an empty one");
  return /\p{Surrogate}/u.test(value) ? new Unfit("expected text, got half a surrogate pair in it") : value;
}

/** An int64, exact; digits in quotes are taken too, since JSON writers often keep int64 so. */
export function versionNumber(): z.ZodType<Version> {
  return scalar(
    "a version number (a whole number of 64 bits)",
    { type: ["integer", "string"], pattern: "^[+-]?\\d+$" },
    (value) => {
      if (typeof value === "number") return Number.isSafeInteger(value) ? parseVersion(String(value)) : undefined;
      return typeof value === "bigint" || typeof value === "string" ? parseVersion(String(value)) : undefined;
    },
  );
}
