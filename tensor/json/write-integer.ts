import type { ByteBuffer } from "./byte-buffer.ts";

/** Digits of 2^64 and a sign. */
const MAX_TEXT_BYTES = 21;
const TWO_32 = 2 ** 32;
const BILLION = 1e9;

/** A whole number below 2^53 in size. */
export function writeInteger(out: ByteBuffer, value: number): void {
  out.reserve(MAX_TEXT_BYTES);
  let size = value;
  if (value < 0) {
    out.bytes[out.length++] = 0x2d;
    size = -value;
  }
  if (size < BILLION) putDigits(out, size, 1);
  else {
    const high = Math.floor(size / BILLION);
    putDigits(out, high, 1);
    putDigits(out, size - high * BILLION, 9);
  }
}

/** A 64-bit number given as unsigned halves. */
export function writeInteger64(out: ByteBuffer, low: number, high: number, signed: boolean): void {
  out.reserve(MAX_TEXT_BYTES);
  let l = low;
  let h = high;
  if (signed && h >= 2 ** 31) {
    out.bytes[out.length++] = 0x2d;
    h = l === 0 ? TWO_32 - h : TWO_32 - 1 - h;
    l = l === 0 ? 0 : TWO_32 - l;
  }
  if (h < 2 ** 21) {
    writeInteger(out, h * TWO_32 + l);
    return;
  }
  // Divided by a billion, 16 bits at a time, which keeps every step exact.
  let quotient = Math.floor(h / BILLION);
  let rest = h % BILLION;
  for (const part of [Math.floor(l / 65536), l % 65536]) {
    const step = rest * 65536 + part;
    quotient = quotient * 65536 + Math.floor(step / BILLION);
    rest = step % BILLION;
  }
  writeInteger(out, quotient);
  putDigits(out, rest, 9);
}

/** At least `places` digits of a whole number below 2^31. There must be room. */
function putDigits(out: ByteBuffer, whole: number, places: number): void {
  let count = 1;
  for (let limit = 10; limit <= whole && count < 10; limit *= 10) count++;
  count = Math.max(count, places);
  let rest = whole;
  for (let at = out.length + count - 1; at >= out.length; at--) {
    const next = (rest / 10) | 0;
    out.bytes[at] = 0x30 + rest - next * 10;
    rest = next;
  }
  out.length += count;
}
