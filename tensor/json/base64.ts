import { InferenceError } from "../../core/index.ts";
import { CLOSE_BRACE, COLON, QUOTE, skipSpace, skipString } from "./cursor.ts";
import { stringEquals } from "./text.ts";

const EQUALS = 0x3d;
const B64 = new TextEncoder().encode("b64");

/**
 * Where the base64 text of the object at `at` is, when that is a base64 object: one member, named `b64`, whose value is a
 * string. -1 for any other object.
 */
export function base64Value(bytes: Uint8Array, at: number): number {
  const nameAt = skipSpace(bytes, at + 1);
  if (bytes[nameAt] !== QUOTE || !stringEquals(bytes, nameAt, B64)) return -1;
  const colon = skipSpace(bytes, skipString(bytes, nameAt));
  const valueAt = bytes[colon] === COLON ? skipSpace(bytes, colon + 1) : colon;
  if (bytes[valueAt] !== QUOTE) return -1;
  return bytes[skipSpace(bytes, skipString(bytes, valueAt))] === CLOSE_BRACE ? valueAt : -1;
}

/**
 * The standard alphabet (`urlSafe`: or the one for URLs), ASCII white space between allowed, padding optional but right; a
 * dot pads too, as in the original. Throws INVALID_ARGUMENT.
 */
export function decodeBase64(text: Uint8Array, urlSafe: boolean): Uint8Array {
  const buffer = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const decoded = Buffer.from(buffer.toString("latin1"), "base64");
  if (!isPlain(buffer, decoded.length, urlSafe) && !isBase64(text, urlSafe)) {
    throw new InferenceError("INVALID_ARGUMENT", "Unable to base64 decode");
  }
  return new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.byteLength);
}

/**
 * Whether text without white space has been decoded in full. The runtime's decoder takes anything: it passes over stray
 * bytes, and then it makes less of the text, and it knows both alphabets. False may also mean that a closer look is needed.
 */
function isPlain(text: Buffer, decodedBytes: number, urlSafe: boolean): boolean {
  if (text.length % 4 !== 0 || (!urlSafe && (text.includes(0x2d) || text.includes(0x5f)))) return false;
  const padding = text.at(-1) !== EQUALS ? 0 : text.at(-2) !== EQUALS ? 1 : 2;
  return decodedBytes === (text.length / 4) * 3 - padding;
}

const LETTER = 1;
const SPACE = 2;
const PADDING = 3;
const URL_LETTER = 4;
const KINDS = new Uint8Array(256);
for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
  KINDS[letter.charCodeAt(0)] = LETTER;
}
for (const space of "\t\n\v\f\r ") KINDS[space.charCodeAt(0)] = SPACE;
for (const padding of "=.") KINDS[padding.charCodeAt(0)] = PADDING;
for (const letter of "-_") KINDS[letter.charCodeAt(0)] = URL_LETTER;

function isBase64(text: Uint8Array, urlSafe: boolean): boolean {
  let letters = 0;
  let padding = 0;
  for (let i = 0; i < text.length; i++) {
    const kind = KINDS[text[i] as number];
    const isLetter = kind === LETTER || (urlSafe && kind === URL_LETTER);
    if (isLetter && padding === 0) letters++;
    else if (kind === PADDING) padding++;
    else if (kind !== SPACE) return false;
  }
  const left = letters % 4;
  if (left === 1) return false;
  return padding === 0 || (left !== 0 && padding === 4 - left);
}
