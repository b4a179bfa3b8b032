import { BACKSLASH, skipString } from "./cursor.ts";
import { plainEnd } from "./plain-text.ts";

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

const UNESCAPED: Readonly<Record<number, number>> = { 0x62: 8, 0x66: 12, 0x6e: 10, 0x72: 13, 0x74: 9 };
const LETTER_U = 0x75;

/**
 * The bytes of the (checked) string whose quote is at `from`: a view of the body unless it has escapes. They are not
 * checked to be UTF-8, so a string tensor gets what the client sent.
 */
export function stringBytes(bytes: Uint8Array, from: number): Uint8Array {
  const end = plainEnd(bytes, from + 1);
  if (bytes[end] !== BACKSLASH) return bytes.subarray(from + 1, end);
  return unescape(bytes.subarray(from + 1, skipString(bytes, from) - 1));
}

/** As text, for names and messages; what is not UTF-8 becomes U+FFFD. */
export function stringText(bytes: Uint8Array, from: number): string {
  return DECODER.decode(stringBytes(bytes, from));
}

export function decodeText(bytes: Uint8Array): string {
  return DECODER.decode(bytes);
}

/** Whether the string whose quote is at `from` is these bytes. */
export function stringEquals(bytes: Uint8Array, from: number, wanted: Uint8Array): boolean {
  const start = from + 1;
  for (let i = 0; i < wanted.length; i++) {
    if (bytes[start + i] !== wanted[i]) return bytes[start + i] === BACKSLASH && equalsUnescaped(bytes, from, wanted);
  }
  return bytes[start + wanted.length] === 0x22;
}

function equalsUnescaped(bytes: Uint8Array, from: number, wanted: Uint8Array): boolean {
  return Buffer.compare(stringBytes(bytes, from), wanted) === 0;
}

function unescape(raw: Uint8Array): Uint8Array {
  const out = new Uint8Array(raw.length);
  let to = 0;
  for (let pos = 0; pos < raw.length; ) {
    const byte = raw[pos] as number;
    if (byte !== BACKSLASH) {
      out[to++] = byte;
      pos++;
      continue;
    }
    const letter = raw[pos + 1] as number;
    if (letter !== LETTER_U) {
      out[to++] = UNESCAPED[letter] ?? letter;
      pos += 2;
      continue;
    }
    let code = hex(raw, pos + 2);
    pos += 6;
    if (code >= 0xd800 && code <= 0xdbff) {
      code = 0x10000 + (code - 0xd800) * 0x400 + hex(raw, pos + 2) - 0xdc00;
      pos += 6;
    }
    to = putCodePoint(out, to, code);
  }
  return out.subarray(0, to);
}

function hex(raw: Uint8Array, from: number): number {
  return Number.parseInt(String.fromCharCode(...raw.subarray(from, from + 4)), 16);
}

/** UTF-8; an escape is always longer than what it stands for. */
function putCodePoint(out: Uint8Array, at: number, code: number): number {
  let to = at;
  if (code < 0x80) out[to++] = code;
  else if (code < 0x800) {
    out[to++] = 0xc0 | (code >> 6);
    out[to++] = 0x80 | (code & 0x3f);
  } else if (code < 0x10000) {
    out[to++] = 0xe0 | (code >> 12);
    out[to++] = 0x80 | ((code >> 6) & 0x3f);
    out[to++] = 0x80 | (code & 0x3f);
  } else {
    out[to++] = 0xf0 | (code >> 18);
    out[to++] = 0x80 | ((code >> 12) & 0x3f);
    out[to++] = 0x80 | ((code >> 6) & 0x3f);
    out[to++] = 0x80 | (code & 0x3f);
  }
  return to;
}
