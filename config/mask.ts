import type { Path } from "./config-error.ts";
import { describe, isMapping } from "./schema/scalar.ts";

/** A value that came from a reference, and may be a secret. */
export interface Hidden {
  readonly path: Path;
  readonly value: unknown;
  /** With the reference in place of the value. */
  readonly written: string;
}

/** Where two readings of a configuration differ: with values in the place of references, and without. */
export function hiddenIn(value: unknown, written: unknown, path: Path = []): readonly Hidden[] {
  if (Array.isArray(value) && Array.isArray(written)) {
    return value.flatMap((each, i) => hiddenIn(each, written[i], [...path, i]));
  }
  if (isMapping(value) && isMapping(written)) {
    return Object.keys(value).flatMap((key) => hiddenIn(value[key], written[key], [...path, key]));
  }
  return typeof written === "string" && value !== written ? [{ path, value, written }] : [];
}

/** As much of a value as messages may not show. Shorter values are hidden where they stand as a word. */
const PIECE = 8;

/**
 * A message with references in the place of their values. Values from `elsewhere` than what the message is about are
 * looked for as messages quote them, so that a short one is not taken for a word of the sentence. A message that still
 * shows a piece of a value is not shown at all.
 */
export function mask(message: string, near: readonly Hidden[], elsewhere: readonly Hidden[]): string {
  const forms = new Map<string, string>();
  for (const { value, written } of [...elsewhere, ...near]) {
    for (const form of quoted(value)) forms.set(form.toLowerCase(), written);
  }
  for (const { value, written } of [...elsewhere.filter(isLong), ...near]) {
    forms.set(textOf(value).toLowerCase(), written);
  }
  forms.delete("");
  if (forms.size === 0) return message;

  const longestFirst = [...forms.keys()].sort((one, other) => other.length - one.length);
  const [shown, masked] = [[] as string[], [] as string[]];
  let end = 0;
  for (const found of message.matchAll(new RegExp(longestFirst.map(patternOf).join("|"), "gi"))) {
    shown.push(message.slice(end, found.index));
    masked.push(message.slice(end, found.index), forms.get(found[0].toLowerCase()) ?? "");
    end = found.index + found[0].length;
  }
  shown.push(message.slice(end));
  const leaking = near.find((each) => isLong(each) && shown.some((part) => sharesPiece(part, textOf(each.value))));
  return leaking === undefined ? masked.join("") + message.slice(end) : `the value of ${leaking.written} does not fit`;
}

/** As messages show a value: in quotes, with and without escapes, and cut when long. */
function quoted(value: unknown): readonly string[] {
  const text = textOf(value);
  return text === "" ? [] : [JSON.stringify(text), `"${text}"`, ...(isText(value) ? [describe(value)] : [])];
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isLong({ value }: Hidden): boolean {
  return textOf(value).length >= PIECE;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : value === null ? "" : `${value as number | bigint | boolean}`;
}

function patternOf(form: string): string {
  const literal = form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  return form.length >= PIECE || form.startsWith('"') ? literal : `(?<!\\w)${literal}(?!\\w)`;
}

function sharesPiece(part: string, text: string): boolean {
  const [here, secret] = [part.toLowerCase(), text.toLowerCase()];
  for (let i = 0; i + PIECE <= secret.length; i++) if (here.includes(secret.slice(i, i + PIECE))) return true;
  return false;
}
