import type { ByteBuffer } from "./byte-buffer.ts";
import { POWERS_OF_TEN, productError } from "./decimal.ts";

/** Bits of the tensor's numbers: a text must read back to the same value in this width. 16 stands for half and bfloat16. */
export type FloatWidth = 16 | 32 | 64;

/** Longest text: sign, 17 digits, point, four zeros or an exponent. */
const MAX_TEXT_BYTES = 32;

/** The significant digits of the number being written, as bytes, and the decimal exponent of the first. */
const digits = new Uint8Array(20);
let exponent = 0;

/**
 * Writes a number as TensorFlow Serving does: C's `%g` if that reads back to the same value, else `%.9g` (`%.17g` for a
 * double), with `.0` after a whole number; `NaN`, `Infinity` and `-Infinity` bare (`strict`: as strings). Correctly
 * rounded, ties to even.
 */
export function writeFloat(out: ByteBuffer, value: number, width: FloatWidth, strict: boolean): void {
  if (!Number.isFinite(value)) {
    out.ascii(strict ? `"${value}"` : `${value}`);
    return;
  }
  out.reserve(MAX_TEXT_BYTES);
  if (value < 0 || Object.is(value, -0)) out.bytes[out.length++] = 0x2d;
  const size = Math.abs(value);
  if (size === 0) {
    out.ascii("0.0");
    return;
  }
  let precision = 6;
  shortDigits(size, 6);
  // Six digits tell all values of 16 bits apart.
  if (width !== 16 && !readsBack(size, width)) {
    precision = width === 32 ? 9 : 17;
    if (width === 32) shortDigits(size, 9);
    else longDigits(size);
  }
  writeDigits(out, precision);
}

/** Whether the six digits now in `digits` stand for this very value. */
function readsBack(size: number, width: 32 | 64): boolean {
  let whole = 0;
  for (let i = 0; i < 6; i++) whole = whole * 10 + (digits[i] as number) - 0x30;
  const power = exponent - 5;
  let read: number;
  // Both are exact, so this rounds once, as a parser does.
  if (power >= -22 && power <= 22) {
    read = power < 0 ? whole / (POWERS_OF_TEN[-power] as number) : whole * (POWERS_OF_TEN[power] as number);
  } else read = Number(`${whole}e${power}`);
  return (width === 32 ? Math.fround(read) : read) === size;
}

/** Powers of ten of a double's first digit. */
function estimateExponent(size: number): number {
  return Math.floor(Math.log10(size));
}

/** The first 6 or 9 digits, rounded. */
function shortDigits(size: number, precision: 6 | 9): void {
  const limit = POWERS_OF_TEN[precision] as number;
  let first = estimateExponent(size);
  let shift = precision - 1 - first;
  // Leaves a step either way for the correction below.
  if (shift < -21 || shift > 21) {
    slowDigits(size, precision);
    return;
  }
  let scaled = scale(size, shift);
  // The logarithm is rounded: next to a power of ten it may be one off.
  if (scaled < limit / 10) {
    first--;
    shift++;
    scaled = scale(size, shift);
  } else if (scaled >= limit) {
    first++;
    shift--;
    scaled = scale(size, shift);
  }
  let whole = Math.floor(scaled);
  const fraction = scaled - whole;
  if (fraction > 0.5 || (fraction === 0.5 && roundsUp(size, shift, scaled, whole))) whole++;
  if (whole === limit) {
    whole = limit / 10;
    first++;
  }
  exponent = first;
  putDigits(whole, precision, 0);
}

function scale(size: number, shift: number): number {
  return shift >= 0 ? size * (POWERS_OF_TEN[shift] as number) : size / (POWERS_OF_TEN[-shift] as number);
}

/** At a computed fraction of a half, what the scaling has rounded away decides; without that it is a tie, to even. */
function roundsUp(size: number, shift: number, scaled: number, whole: number): boolean {
  const power = POWERS_OF_TEN[Math.abs(shift)] as number;
  let rest: number;
  if (shift >= 0) rest = productError(size, power, scaled);
  else {
    const back = scaled * power;
    rest = size - back - productError(scaled, power, back);
  }
  return rest > 0 || (rest === 0 && whole % 2 === 1);
}

const TEN_16 = 1e16;
const TEN_17 = 1e17;
const BILLION = 1e9;

/** The first 17 digits of a double, rounded: of the exact product with a power of ten, kept as two doubles. */
function longDigits(size: number): void {
  let first = estimateExponent(size);
  let shift = 16 - first;
  if (shift < 1 || shift > 21) {
    slowDigits(size, 17);
    return;
  }
  let power = POWERS_OF_TEN[shift] as number;
  let scaled = size * power;
  let error = productError(size, power, scaled);
  const tooSmall = scaled < TEN_16 || (scaled === TEN_16 && error < 0);
  if (tooSmall || scaled > TEN_17 || (scaled === TEN_17 && error >= 0)) {
    first += tooSmall ? -1 : 1;
    shift += tooSmall ? 1 : -1;
    power = POWERS_OF_TEN[shift] as number;
    scaled = size * power;
    error = productError(size, power, scaled);
  }
  // Each half of the digits fits a double with room to spare.
  let high = Math.floor(scaled / BILLION);
  const errorWhole = Math.floor(error);
  const fraction = error - errorWhole;
  let low = scaled - high * BILLION + errorWhole;
  if (fraction > 0.5 || (fraction === 0.5 && Math.abs(low % 2) === 1)) low++;
  while (low < 0) {
    low += BILLION;
    high--;
  }
  while (low >= BILLION) {
    low -= BILLION;
    high++;
  }
  if (high === TEN_17 / BILLION) {
    high /= 10;
    first++;
  }
  exponent = first;
  putDigits(high, 8, 0);
  putDigits(low, 9, 8);
}

/** Below this no double lies midway between two numbers of 17 digits: it would need more factors of five than it has bits. */
const TIES_FROM = 1e-8;

/** For sizes whose power of ten is not exact. The runtime's digits are right but for ties, which it rounds up. */
function slowDigits(size: number, precision: number): void {
  let text = size.toExponential(precision - 1);
  if (size >= TIES_FROM) {
    // A tie has one digit more than is wanted, a five, and then nothing.
    const long = size.toExponential(60);
    const mark = long.indexOf("e");
    const isTie = /^50*$/.test(long.slice(precision + 1, mark));
    if (isTie && Number(long[precision]) % 2 === 0) text = long.slice(0, precision + 1) + long.slice(mark);
  }
  const mark = text.indexOf("e");
  exponent = Number(text.slice(mark + 1));
  let at = 0;
  for (let i = 0; i < mark; i++) {
    if (text[i] !== ".") digits[at++] = text.charCodeAt(i);
  }
}

/** The decimal digits of a whole number below 2^31, right-aligned in `count` places from `at`. */
function putDigits(whole: number, count: number, at: number): void {
  let rest = whole;
  for (let i = at + count - 1; i >= at; i--) {
    const next = (rest / 10) | 0;
    digits[i] = 0x30 + rest - next * 10;
    rest = next;
  }
}

/** `%g`: no trailing zeros, an exponent below -4 and from the precision up. There must be room. */
function writeDigits(out: ByteBuffer, precision: number): void {
  const { bytes } = out;
  let at = out.length;
  let count = precision;
  while (count > 1 && digits[count - 1] === 0x30) count--;
  if (exponent < -4 || exponent >= precision) {
    bytes[at++] = digits[0] as number;
    if (count > 1) bytes[at++] = 0x2e;
    for (let i = 1; i < count; i++) bytes[at++] = digits[i] as number;
    bytes[at++] = 0x65;
    bytes[at++] = exponent < 0 ? 0x2d : 0x2b;
    const power = Math.abs(exponent);
    if (power >= 100) bytes[at++] = 0x30 + Math.floor(power / 100);
    bytes[at++] = 0x30 + (Math.floor(power / 10) % 10);
    bytes[at++] = 0x30 + (power % 10);
  } else if (exponent < 0) {
    bytes[at++] = 0x30;
    bytes[at++] = 0x2e;
    for (let i = -1; i > exponent; i--) bytes[at++] = 0x30;
    for (let i = 0; i < count; i++) bytes[at++] = digits[i] as number;
  } else {
    for (let i = 0; i <= exponent; i++) bytes[at++] = i < count ? (digits[i] as number) : 0x30;
    bytes[at++] = 0x2e;
    if (count <= exponent + 1) bytes[at++] = 0x30;
    for (let i = exponent + 1; i < count; i++) bytes[at++] = digits[i] as number;
  }
  out.length = at;
}
