import { extendedDecimal, POWERS_OF_TEN } from "./decimal.ts";

const TWO_53 = 2 ** 53;

/**
 * Reads the (checked) number at `from` into `out[at]`, as the double nearest to it, and gives where it ends. At a byte
 * where no number begins it gives -1 and writes nothing.
 */
export function readNumber(bytes: Uint8Array, from: number, out: Float64Array, at: number): number {
  let pos = from;
  let byte = bytes[pos] as number;
  const negative = byte === 0x2d;
  if (negative) byte = bytes[++pos] as number;
  if (byte > 0x39 || byte < 0x30) return readWord(bytes, pos, byte, negative, out, at);
  const start = pos;
  let mantissa = 0;
  do {
    mantissa = mantissa * 10 + (byte - 0x30);
    byte = bytes[++pos] as number;
  } while (byte >= 0x30 && byte <= 0x39);
  let exponent = 0;
  let whole = true;
  if (byte === 0x2e) {
    whole = false;
    const point = pos;
    byte = bytes[++pos] as number;
    do {
      mantissa = mantissa * 10 + (byte - 0x30);
      byte = bytes[++pos] as number;
    } while (byte >= 0x30 && byte <= 0x39);
    exponent = point + 1 - pos;
  }
  const mantissaEnd = pos;
  if (byte === 0x65 || byte === 0x45) {
    whole = false;
    byte = bytes[++pos] as number;
    const sign = byte === 0x2d ? -1 : 1;
    if (byte === 0x2d || byte === 0x2b) byte = bytes[++pos] as number;
    let written = 0;
    do {
      // Beyond this every value is 0 already; the cap keeps the sum a small integer.
      if (written < 100_000) written = written * 10 + (byte - 0x30);
      byte = bytes[++pos] as number;
    } while (byte >= 0x30 && byte <= 0x39);
    exponent += sign * written;
  }
  let value: number;
  // A sum that stayed below 2^53 has never been rounded, and powers up to 10^22 are exact: one rounding in all.
  if (mantissa < TWO_53 && exponent >= -22 && exponent <= 22) {
    value =
      exponent < 0 ? mantissa / (POWERS_OF_TEN[-exponent] as number) : mantissa * (POWERS_OF_TEN[exponent] as number);
  } else {
    value = extendedDecimal(bytes, start, mantissaEnd, exponent);
    if (value !== value) value = Number(asciiText(bytes, start, pos));
  }
  // A whole number has no negative zero: RapidJSON reads it as an integer.
  out[at] = negative && (value !== 0 || !whole) ? -value : value;
  return pos;
}

function readWord(
  bytes: Uint8Array,
  pos: number,
  byte: number,
  negative: boolean,
  out: Float64Array,
  at: number,
): number {
  if (byte === 0x4e) {
    out[at] = Number.NaN;
    return pos + 3;
  }
  if (byte !== 0x49) return -1;
  out[at] = negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return bytes[pos + 3] === 0x69 ? pos + 8 : pos + 3;
}

function asciiText(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
}

/** Whether the number between is spelled as an integer: neither point nor exponent, nor one of the words. */
export function isWhole(bytes: Uint8Array, from: number, to: number): boolean {
  for (let pos = from; pos < to; pos++) {
    const byte = bytes[pos] as number;
    if ((byte < 0x30 || byte > 0x39) && byte !== 0x2d) return false;
  }
  return true;
}

const TWO_32 = 2 ** 32;
const TWO_31 = 2 ** 31;

/**
 * Reads the whole number at `from` into `out[at]` and `out[at + 1]`, low half first, two's complement, exactly; gives
 * where it ends, or -1 when it is not a whole number of 64 bits, signed or unsigned as asked.
 */
export function readInt64(bytes: Uint8Array, from: number, signed: boolean, out: Uint32Array, at: number): number {
  let pos = from;
  let byte = bytes[pos] as number;
  const negative = byte === 0x2d;
  if (negative) byte = bytes[++pos] as number;
  if (byte > 0x39 || byte < 0x30) return -1;
  let low = 0;
  let high = 0;
  do {
    low = low * 10 + (byte - 0x30);
    if (low >= TWO_32) {
      const carry = Math.floor(low / TWO_32);
      low -= carry * TWO_32;
      high = high * 10 + carry;
    } else high *= 10;
    if (high >= TWO_32) return -1;
    byte = bytes[++pos] as number;
  } while (byte >= 0x30 && byte <= 0x39);
  if (byte === 0x2e || byte === 0x65 || byte === 0x45) return -1;
  const isZero = low === 0 && high === 0;
  if (signed ? high >= TWO_31 && !(negative && high === TWO_31 && low === 0) : negative && !isZero) return -1;
  if (negative && !isZero) {
    high = low === 0 ? TWO_32 - high : TWO_32 - 1 - high;
    low = low === 0 ? 0 : TWO_32 - low;
  }
  out[at] = low;
  out[at + 1] = high;
  return pos;
}
