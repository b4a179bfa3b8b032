import type { z } from "zod";
import { describe, isMapping, scalar, Unfit } from "./scalar.ts";
import { parseText } from "./units.ts";

/** What a text of a request is held against; letter case counts. `secret`: it came from a reference, and is shown to nobody. */
export type TextMatch =
  | { readonly by: "exact"; readonly value: string; readonly secret?: true }
  | { readonly by: "prefix"; readonly value: string; readonly secret?: true }
  /** Of the whole text, as Envoy's `safe_regex` and Prometheus have it. */
  | { readonly by: "regex"; readonly source: string; readonly secret?: true }
  /** Whether it is there at all. */
  | { readonly by: "present"; readonly is: boolean };

const FORMS = ["exact", "prefix", "regex", "present"] as const;
type Form = (typeof FORMS)[number];

/** `beta`, or exactly one of `{ exact }`, `{ prefix }`, `{ regex }` and, unless the text is always there, `{ present }`. */
export function textMatch(mayBeAbsent: boolean): z.ZodType<TextMatch> {
  const forms: readonly Form[] = mayBeAbsent ? FORMS : FORMS.filter((form) => form !== "present");
  const text = { type: "string" };
  const properties = Object.fromEntries(forms.map((form) => [form, form === "present" ? { type: "boolean" } : text]));
  const whole = { type: "object", properties, additionalProperties: false, minProperties: 1, maxProperties: 1 };
  const expected = `text, or exactly one of ${forms.map((form) => `{ ${form} }`).join(", ")}`;
  return scalar(expected, { anyOf: [text, whole] }, (value) => {
    if (!isMapping(value)) return exactly(value);
    const [[form, given] = [], ...others] = Object.entries(value);
    if (others.length > 0 || !forms.some((each) => each === form)) {
      return new Unfit(`expected ${expected}, got ${Object.keys(value).join(", ") || "none"}`);
    }
    return matchOf(form as Form, given);
  });
}

function matchOf(form: Form, given: unknown): TextMatch | Unfit {
  if (form === "present") {
    return typeof given === "boolean" ? { by: form, is: given } : wrong(form, "true or false", given);
  }
  const value = given === "" ? "" : parseText(given);
  if (value instanceof Unfit) return value;
  if (value === undefined) return wrong(form, "text", given);
  if (form !== "regex") return { by: form, value };
  try {
    wholeText(value);
    return { by: form, source: value };
  } catch (thrown) {
    return new Unfit(`regex: ${(thrown as Error).message}`);
  }
}

function exactly(value: unknown): TextMatch | Unfit | undefined {
  const text = value === "" ? "" : parseText(value);
  return typeof text === "string" ? { by: "exact", value: text } : text;
}

function wrong(form: Form, expected: string, given: unknown): Unfit {
  return new Unfit(`${form}: expected ${expected}, got ${describe(given)}`);
}

/** Whether a text is as it must be: compiled once, asked often. What is not there is taken by `{ present: false }` alone. */
export function takerOf(match: TextMatch): (text: string | undefined) => boolean {
  switch (match.by) {
    case "exact":
      return (text) => text === match.value;
    case "prefix":
      return (text) => text?.startsWith(match.value) ?? false;
    case "regex": {
      const pattern = wholeText(match.source);
      return (text) => text !== undefined && pattern.test(text);
    }
    case "present":
      return (text) => (text !== undefined) === match.is;
  }
}

/** A regular expression that has to match from the first character to the last. Throws SyntaxError. */
function wholeText(source: string): RegExp {
  return new RegExp(`^(?:${source})$`, "u");
}
