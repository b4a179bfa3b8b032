import { z } from "zod";

/** What a scalar's parser answers instead of a value: what it wanted, for the sentence `expected …, got …`. */
export class Unfit {
  readonly sentence: string;
  constructor(sentence: string) {
    this.sentence = sentence;
  }
}

/** How a scalar looks to editors: the part of a JSON Schema that a transform cannot tell by itself. */
type JsonShape = Readonly<Record<string, unknown>>;

/** A schema of one value that `parse` reads; a missing value is an error unless the caller adds a default or `optional`. */
export function scalar<T>(
  expected: string,
  shape: JsonShape,
  parse: (value: unknown) => T | Unfit | undefined,
): z.ZodType<T> {
  const read = (value: unknown, context: z.RefinementCtx): T => {
    const parsed = value === undefined ? new Unfit("is missing") : parse(value);
    if (parsed !== undefined && !(parsed instanceof Unfit)) return parsed;
    const message = parsed instanceof Unfit ? parsed.sentence : `expected ${expected}, got ${describe(value)}`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  };
  return z.unknown().transform(read).meta(shape);
}

/** A value as an error message shows it, cut when long. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
