import { ByteBuffer } from "./byte-buffer.ts";
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipScalar,
  skipSpace,
  skipString,
} from "./cursor.ts";
import { writeFloat } from "./float-text.ts";
import { isWhole, readNumber } from "./number.ts";
import { decodeText } from "./text.ts";

/** A client may send megabytes; its error answer quotes this much of them. */
const MAX_QUOTED_BYTES = 256;

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

/** The value at `at` as an error message shows it: indented by four, a number of its own as a tensor's would be written, cut short. */
export function quoteJson(bytes: Uint8Array, at: number): string {
  const out = new ByteBuffer();
  const type = jsonType(bytes, at);
  if (type === "Number") quoteNumber(bytes, at, out);
  else indent(bytes, at, out);
  if (out.length <= MAX_QUOTED_BYTES) return decodeText(out.finish());
  let cut = MAX_QUOTED_BYTES;
  // Not within a character of UTF-8.
  while (cut > 0 && ((out.bytes[cut] as number) & 0xc0) === 0x80) cut--;
  return `${decodeText(out.bytes.subarray(0, cut))}...`;
}

function quoteNumber(bytes: Uint8Array, at: number, out: ByteBuffer): void {
  const value = new Float64Array(1);
  const end = readNumber(bytes, at, value, 0);
  if (isWhole(bytes, at, end)) out.raw(bytes.subarray(at, Math.min(end, at + MAX_QUOTED_BYTES + 1)));
  else writeFloat(out, value[0] as number, Number.isFinite(Math.fround(value[0] as number)) ? 32 : 64);
}

/** Stops soon after the limit, so that neither length nor depth of the value matters. */
function indent(bytes: Uint8Array, at: number, out: ByteBuffer): void {
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
      } else newLine(out, ++depth);
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
    } else {
      const end = byte === QUOTE ? skipString(bytes, pos) : skipScalar(bytes, pos);
      out.raw(bytes.subarray(pos, Math.min(end, pos + MAX_QUOTED_BYTES + 1)));
      pos = end;
    }
    if (depth > 0) pos = skipSpace(bytes, pos);
  } while (depth > 0 && out.length <= MAX_QUOTED_BYTES);
}

function newLine(out: ByteBuffer, depth: number): void {
  out.ascii(`\n${"    ".repeat(Math.min(depth, MAX_QUOTED_BYTES / 4))}`);
}
