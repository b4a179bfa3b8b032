import { ByteBuffer } from "./byte-buffer.ts";
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipSpace,
  skipString,
} from "./cursor.ts";
import { writeFloat } from "./float-text.ts";
import { newLine } from "./layout.ts";
import { isWhole, readInt64, readNumber } from "./number.ts";
import { decodeText, stringBytes } from "./text.ts";
import { writeText } from "./write-text.ts";

/** A client may send megabytes; its error answer quotes this much of them. */
const MAX_QUOTED_BYTES = 256;
/** Deeper than this the limit above has been met. */
const MAX_DEPTH = MAX_QUOTED_BYTES;

export type JsonType = "Null" | "False" | "True" | "Object" | "Array" | "String" | "Number";

const TYPES: Readonly<Record<number, JsonType>> = {
  0x6e: "Null",
  0x66: "False",
  0x74: "True",
  [OPEN_BRACE]: "Object",
  [OPEN_BRACKET]: "Array",
  [QUOTE]: "String",
};

/** By its first byte. */
export function jsonType(bytes: Uint8Array, at: number): JsonType {
  return TYPES[bytes[at] as number] ?? "Number";
}

/**
 * The value at `at` as an error message of TensorFlow Serving shows it, cut short: what it holds rather than how it was
 * spelled, indented by four. A number of its own is written as a tensor's would be, one within another value by its
 * shortest digits.
 */
export function quoteJson(bytes: Uint8Array, at: number): string {
  const out = new ByteBuffer();
  if (jsonType(bytes, at) === "Number") quoteNumber(bytes, at, out, writeDecimal);
  else quoteValue(bytes, at, out);
  if (out.length <= MAX_QUOTED_BYTES) return decodeText(out.finish());
  let cut = MAX_QUOTED_BYTES;
  // Not within a character of UTF-8.
  while (cut > 0 && ((out.bytes[cut] as number) & 0xc0) === 0x80) cut--;
  return `${decodeText(out.bytes.subarray(0, cut))}...`;
}

/** Stops soon after the limit, so that neither length nor depth of the value matters. */
function quoteValue(bytes: Uint8Array, at: number, out: ByteBuffer): void {
  let pos = at;
  let depth = 0;
  do {
    const byte = bytes[pos] as number;
    if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      out.byte(byte);
      pos = skipSpace(bytes, pos + 1);
      const next = bytes[pos];
      if (next === CLOSE_BRACKET || next === CLOSE_BRACE) {
        out.byte(next);
        pos++;
      } else newLine(out, Math.min(++depth, MAX_DEPTH));
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) {
      newLine(out, --depth);
      out.byte(byte);
      pos++;
    } else if (byte === COMMA) {
      out.byte(byte);
      newLine(out, depth);
      pos++;
    } else if (byte === COLON) {
      out.ascii(": ");
      pos++;
    } else pos = quoteScalar(bytes, pos, out);
    if (depth > 0) pos = skipSpace(bytes, pos);
  } while (depth > 0 && out.length <= MAX_QUOTED_BYTES);
}

/** Gives where it ends. */
function quoteScalar(bytes: Uint8Array, at: number, out: ByteBuffer): number {
  const type = jsonType(bytes, at);
  if (type === "String") {
    writeText(out, stringBytes(bytes, at).subarray(0, MAX_QUOTED_BYTES + 1));
    return skipString(bytes, at);
  }
  if (type === "Number") return quoteNumber(bytes, at, out, writeShortest);
  out.ascii(type.toLowerCase());
  return at + type.length;
}

function quoteNumber(
  bytes: Uint8Array,
  at: number,
  out: ByteBuffer,
  write: (out: ByteBuffer, value: number) => void,
): number {
  const value = new Float64Array(1);
  const end = readNumber(bytes, at, value, 0);
  if (!isInteger(bytes, at, end)) write(out, value[0] as number);
  else if (value[0] === 0) out.ascii("0");
  else out.raw(bytes.subarray(at, end));
  return end;
}

/** What does not fit 64 bits is a double however it is spelled. */
function isInteger(bytes: Uint8Array, from: number, to: number): boolean {
  const halves = new Uint32Array(2);
  return (
    isWhole(bytes, from, to) &&
    (readInt64(bytes, from, true, halves, 0) >= 0 || readInt64(bytes, from, false, halves, 0) >= 0)
  );
}

/** RapidJSON's bound of what it calls a float. */
const MAX_FLOAT = 3.4028234e38;

function writeDecimal(out: ByteBuffer, value: number): void {
  writeFloat(out, value, Math.abs(value) <= MAX_FLOAT ? 32 : 64, false);
}

/** As RapidJSON does: JavaScript's digits, with a point and without a plus. Bare `NaN` and infinities, where it would stop. */
function writeShortest(out: ByteBuffer, value: number): void {
  if (!Number.isFinite(value)) return writeDecimal(out, value);
  const digits = Object.is(value, -0) ? "-0" : String(value).replace("e+", "e");
  out.ascii(/[.e]/.test(digits) ? digits : `${digits}.0`);
}
