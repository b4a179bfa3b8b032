import { InferenceError } from "../../core/index.ts";
import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from "./cursor.ts";
import { plainEnd } from "./plain-text.ts";

/** The texts of RapidJSON 1.1, which TensorFlow Serving answers with. */
const REASONS = {
  empty: "The document is empty.",
  value: "Invalid value.",
  name: "Missing a name for object member.",
  colon: "Missing a colon after a name of object member.",
  commaOrBrace: "Missing a comma or } after an object member.",
  commaOrBracket: "Missing a comma or ] after an array element.",
  hex: "Incorrect hex digit after \\u escape in string.",
  surrogate: "The surrogate pair in string is invalid.",
  escape: "Invalid escape character in string.",
  quote: "Missing a closing quotation mark in string.",
  tooBig: "Number too big to be stored in double.",
  fraction: "Miss fraction part in number.",
  exponent: "Miss exponent in number.",
} as const;

/** What a body of no bytes is refused with. */
export const EMPTY_BODY = "JSON Parse error: The document is empty";

function syntaxError(reason: keyof typeof REASONS, offset: number): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", `JSON Parse error: ${REASONS[reason]} at offset: ${offset}`);
}

/** Told of each member of the top-level object: where its name's quote, its value and the end of the value are. */
export type OnMember = (nameAt: number, valueAt: number, endAt: number) => void;
/** Asked at each list: where it ends, if it has been found to be right by other means; else -1. */
export type OnList = (at: number) => number;

const ARRAY = 1;
const OBJECT = 0;

/**
 * Checks the first JSON value of `bytes` and gives where it begins; what follows it is not looked at. The rules are those
 * of RapidJSON as TensorFlow Serving uses it: `NaN`, `Inf` and `Infinity` are numbers, a byte-order mark is skipped,
 * strings may hold any bytes. Iterative, so any depth will do. Throws INVALID_ARGUMENT.
 */
export function checkSyntax(bytes: Uint8Array, onMember: OnMember, onList?: OnList): number {
  if (bytes.length === 0) throw new InferenceError("INVALID_ARGUMENT", EMPTY_BODY);
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const root = space(bytes, bom);
  const first = bytes[root];
  if (first === undefined || first === 0 || isDelimiter(first)) throw syntaxError("empty", root);

  let open = new Uint8Array(64);
  let depth = 0;
  let pos = root;
  let nameAt = 0;
  let valueAt = 0;
  for (;;) {
    // Here a value begins.
    const byte = bytes[pos];
    const known = byte === OPEN_BRACKET && onList !== undefined ? onList(pos) : -1;
    if (known >= 0) pos = known;
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      if (depth === open.length) open = grown(open);
      open[depth++] = byte === OPEN_BRACKET ? ARRAY : OBJECT;
      pos = space(bytes, pos + 1);
      const isEmpty = bytes[pos] === (byte === OPEN_BRACKET ? CLOSE_BRACKET : CLOSE_BRACE);
      if (isEmpty) {
        pos++;
        depth--;
      } else {
        if (byte === OPEN_BRACE) {
          if (depth === 1) nameAt = pos;
          pos = memberName(bytes, pos);
          if (depth === 1) valueAt = pos;
        }
        continue;
      }
    } else if (byte === QUOTE) pos = string(bytes, pos);
    else pos = scalar(bytes, pos, byte);

    // Here one has ended: on to the next, closing what ends with it.
    for (;;) {
      if (depth === 0) return root;
      if (depth === 1 && open[0] === OBJECT) onMember(nameAt, valueAt, pos);
      pos = space(bytes, pos);
      const next = bytes[pos];
      if (open[depth - 1] === ARRAY) {
        if (next === COMMA) {
          pos = space(bytes, pos + 1);
          break;
        }
        if (next !== CLOSE_BRACKET) throw syntaxError("commaOrBracket", pos);
      } else {
        if (next === COMMA) {
          pos = space(bytes, pos + 1);
          if (depth === 1) nameAt = pos;
          pos = memberName(bytes, pos);
          if (depth === 1) valueAt = pos;
          break;
        }
        if (next !== CLOSE_BRACE) throw syntaxError("commaOrBrace", pos);
      }
      pos++;
      depth--;
    }
  }
}

function grown(open: Uint8Array): Uint8Array<ArrayBuffer> {
  const more = new Uint8Array(open.length * 2);
  more.set(open);
  return more;
}

function isDelimiter(byte: number): boolean {
  return byte === CLOSE_BRACKET || byte === CLOSE_BRACE || byte === COMMA || byte === COLON;
}

function space(bytes: Uint8Array, from: number): number {
  let pos = from;
  while (pos < bytes.length) {
    const byte = bytes[pos];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    pos++;
  }
  return pos;
}

/** A member's name and colon; gives where its value begins. */
function memberName(bytes: Uint8Array, from: number): number {
  if (bytes[from] !== QUOTE) throw syntaxError("name", from);
  const colon = space(bytes, string(bytes, from));
  if (bytes[colon] !== COLON) throw syntaxError("colon", colon);
  return space(bytes, colon + 1);
}

function string(bytes: Uint8Array, from: number): number {
  let pos = from + 1;
  for (;;) {
    pos = plainEnd(bytes, pos);
    const byte = bytes[pos] ?? 0;
    if (byte === QUOTE) return pos + 1;
    if (byte === BACKSLASH) pos = escape(bytes, pos);
    else throw syntaxError(byte === 0 ? "quote" : "escape", pos);
  }
}

const ESCAPES: ReadonlySet<number | undefined> = new Set(new TextEncoder().encode('"\\/bfnrt'));
const LETTER_U = 0x75;

function escape(bytes: Uint8Array, from: number): number {
  const letter = bytes[from + 1];
  if (letter !== LETTER_U) {
    if (!ESCAPES.has(letter)) throw syntaxError("escape", from);
    return from + 2;
  }
  const unit = hex(bytes, from + 2, from);
  if (unit < 0xd800 || unit > 0xdfff) return from + 6;
  const isPair = unit < 0xdc00 && bytes[from + 6] === BACKSLASH && bytes[from + 7] === LETTER_U;
  if (!isPair) throw syntaxError("surrogate", from);
  const second = hex(bytes, from + 8, from);
  if (second < 0xdc00 || second > 0xdfff) throw syntaxError("surrogate", from);
  return from + 12;
}

function hex(bytes: Uint8Array, from: number, escapeAt: number): number {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[from + i] ?? 0;
    const letter = byte | 0x20;
    if (byte >= 0x30 && byte <= 0x39) value = value * 16 + byte - 0x30;
    else if (letter >= 0x61 && letter <= 0x66) value = value * 16 + letter - 0x61 + 10;
    else throw syntaxError("hex", escapeAt);
  }
  return value;
}

function scalar(bytes: Uint8Array, pos: number, byte: number | undefined): number {
  if (byte === 0x6e) return word(bytes, pos, "null");
  if (byte === 0x74) return word(bytes, pos, "true");
  if (byte === 0x66) return word(bytes, pos, "false");
  return number(bytes, pos);
}

function word(bytes: Uint8Array, from: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    if (bytes[from + i] !== text.charCodeAt(i)) throw syntaxError("value", from + i);
  }
  return from + text.length;
}

/** No double has more digits before its point, exponent counted in. */
const MAX_MAGNITUDE = 308;

function number(bytes: Uint8Array, from: number): number {
  let pos = bytes[from] === 0x2d ? from + 1 : from;
  const digits = pos;
  const first = bytes[pos];
  if (first === 0x4e) return word(bytes, pos, "NaN");
  if (first === 0x49) return infinity(bytes, pos);
  if (first === 0x30) pos++;
  else if (isDigit(first)) pos = skipDigits(bytes, pos + 1);
  else throw syntaxError("value", pos);
  let magnitude = pos - digits;
  if (bytes[pos] === 0x2e) {
    if (!isDigit(bytes[pos + 1])) throw syntaxError("fraction", pos + 1);
    pos = skipDigits(bytes, pos + 2);
  }
  if (((bytes[pos] ?? 0) | 0x20) === 0x65) {
    const sign = bytes[pos + 1];
    const exponent = sign === 0x2b || sign === 0x2d ? pos + 2 : pos + 1;
    if (!isDigit(bytes[exponent])) throw syntaxError("exponent", exponent);
    pos = skipDigits(bytes, exponent + 1);
    if (sign !== 0x2d) magnitude += Number(latin1(bytes, exponent, pos));
  }
  if (magnitude > MAX_MAGNITUDE && !Number.isFinite(Number(latin1(bytes, digits, pos)))) {
    throw syntaxError("tooBig", from);
  }
  return pos;
}

function infinity(bytes: Uint8Array, from: number): number {
  const short = word(bytes, from, "Inf");
  return bytes[short] === 0x69 ? word(bytes, from, "Infinity") : short;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function skipDigits(bytes: Uint8Array, from: number): number {
  let pos = from;
  while (pos < bytes.length) {
    const byte = bytes[pos] as number;
    if (byte < 0x30 || byte > 0x39) break;
    pos++;
  }
  return pos;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
}
