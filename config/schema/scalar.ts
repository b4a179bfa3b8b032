import { z } from "zod";
import { didYouMean } from "../nearest.ts";

/** What a value's parser answers when it has a better sentence than `expected …, got …`. */
export class Unfit {
  readonly sentence: string;
  constructor(sentence: string) {
    this.sentence = sentence;
  }
}

/** How a value looks to editors: the part of a JSON Schema that a transform cannot tell by itself. */
type JsonShape = Readonly<Record<string, unknown>>;

/**
 * A schema of one value. `parse` answers undefined for what it does not take; a missing value is an error unless
 * the caller adds a default or `optional`.
 */
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

/** A mapping with exactly these keys. Its message for unknown keys has one line for each of them, in their order. */
export function section<S extends z.core.$ZodLooseShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  const keys = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys") {
        return (issue.keys as readonly string[]).map((key) => `unknown key${didYouMean(key, keys)}`).join("\n");
      }
      return wrongKind("a mapping", issue.input);
    },
  });
}

/** A list of at least `atLeast` items. */
export function list<T>(item: z.ZodType<T>, atLeast = 0): z.ZodType<T[]> {
  const items = z.array(item, { error: (issue) => wrongKind("a list", issue.input) });
  return atLeast === 0 ? items : items.min(atLeast, { error: "expected at least one item, got none" });
}

/**
 * A mapping whose keys are free, as a Map: whatever a key is called (`__proto__` too) it is only data.
 * `readKey` answers undefined or an {@link Unfit} for a key that is wrong.
 */
export function mapping<T>(
  value: z.ZodType<T>,
  shape: JsonShape,
  readKey: (key: string) => string | Unfit,
): z.ZodType<ReadonlyMap<string, T>> {
  const read = (input: unknown, context: z.RefinementCtx): ReadonlyMap<string, T> => {
    const entries = new Map<string, T>();
    if (!isMapping(input)) {
      context.addIssue({ code: "custom", message: wrongKind("a mapping", input) });
      return z.NEVER;
    }
    for (const [key, raw] of Object.entries(input)) {
      const name = readKey(key);
      const parsed = value.safeParse(raw);
      if (name instanceof Unfit) context.addIssue({ code: "custom", message: name.sentence, path: [key] });
      else if (parsed.success) entries.set(name, parsed.data);
      else for (const issue of parsed.error.issues) forward(issue, context, [key]);
    }
    return entries;
  };
  return z.unknown().transform(read).meta(shape);
}

/** `whole` for a mapping, `short` for anything else: a long and a short way to say the same. */
export function shortOr<T>(short: z.ZodType<T>, whole: z.ZodType<T>): z.ZodType<T> {
  const read = (input: unknown, context: z.RefinementCtx): T => {
    const parsed = (isMapping(input) ? whole : short).safeParse(input);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) forward(issue, context, []);
    return z.NEVER;
  };
  return z
    .unknown()
    .transform(read)
    .meta({ anyOf: [jsonShape(short), jsonShape(whole)] });
}

/** A list, or one item without its brackets. */
export function listOrOne<T>(item: z.ZodType<T>): z.ZodType<T[]> {
  const items = list(item);
  const read = (input: unknown, context: z.RefinementCtx): T[] => {
    const isList = Array.isArray(input);
    const parsed = items.safeParse(isList ? input : [input]);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) {
      forward(isList ? issue : { ...issue, path: issue.path.slice(1) }, context, []);
    }
    return z.NEVER;
  };
  return z
    .unknown()
    .transform(read)
    .meta({ anyOf: [jsonShape(items), jsonShape(item)] });
}

/** Zod goes on after unknown keys, but here there is no value to go on with: as issues of ours they end it. */
function forward(issue: z.core.$ZodIssue, context: z.RefinementCtx, under: readonly string[]): void {
  const code = issue.code === "unrecognized_keys" ? "custom" : issue.code;
  context.issues.push({ ...issue, code, path: [...under, ...issue.path] } as z.core.$ZodRawIssue);
}

function jsonShape(schema: z.ZodType): unknown {
  const { $schema: _, ...shape } = z.toJSONSchema(schema, { io: "input" });
  return shape;
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrongKind(expected: string, value: unknown): string {
  return value === undefined ? "is missing" : `expected ${expected}, got ${describe(value)}`;
}

/** A value as an error message shows it, cut when long. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (isMapping(value)) return "a mapping";
  const text = typeof value === "string" ? JSON.stringify(value) : `${value as number | bigint | boolean}`;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
