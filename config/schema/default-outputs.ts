import type { z } from "zod";
import { mapping, scalar, Unfit } from "./scalar.ts";

/**
 * One row's value by output: a number, a text, true or false, or lists of lists of one of these, in which all of a depth are of one
 * length. A value is taken as it is.
 */
export function outputValues(): z.ZodType<ReadonlyMap<string, unknown>> {
  const value = scalar("a number, text, true, false or a list of them", {}, (raw) => {
    if (!isPlain(raw)) return undefined;
    return isEven(raw) ? { raw } : new Unfit("expected lists of one length and values of one kind");
  });
  const named = mapping(value, { type: "object" }, (key) =>
    key === "" ? new Unfit("expected the name of an output, got an empty one") : key,
  );
  return named.transform((map, context) => {
    if (map.size === 0) context.addIssue({ code: "custom", message: "expected at least one output, got none" });
    return new Map([...map].map(([name, { raw }]) => [name, raw] as const));
  });
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** Whether it is a tensor's: what stands beside each other has the same form. */
function isEven(value: unknown): boolean {
  return new Set(formsOf(value)).size <= 1;
}

/** The lengths of the lists around each of its values, and of which kind that is. */
function formsOf(value: unknown, around = ""): readonly string[] {
  if (!Array.isArray(value)) return [`${around}${typeof value}`];
  const within = `${around}${value.length} `;
  return value.length === 0 ? [within] : value.flatMap((each) => formsOf(each, within));
}
