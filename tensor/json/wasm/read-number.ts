import { digitCount, digitsAt, digitsValue, tenTo } from "./digits";
import { TEXT } from "./memory";
import { nearest, quotient, UNKNOWN } from "./nearest";

/** The host's own conversion, exact for any text: of the number that `from` and `to` enclose, counted in the text. */
declare function readSlowly(from: i32, to: i32): f64;

/** How numbers are kept. */
export const DOUBLE: i32 = 0;
export const INT64: i32 = 1;
export const UINT64: i32 = 2;

/** Whether every number since this was set was spelled as an integer. */
export let allWhole: bool = true;

export function setAllWhole(value: bool): void {
  allWhole = value;
}

const MINUS: u8 = 0x2d;
const PLUS: u8 = 0x2b;
const POINT: u8 = 0x2e;
/** `e`, and `E` with this bit set. */
const EXPONENT: u8 = 0x65;
const LOWER: u8 = 0x20;

/** Text of fewer bytes makes a whole number that a double holds exactly. */
const SHORT: usize = 17;

/** More digits than any double or power needs; keeps the exponent a small number. */
const MAX_EXPONENT: i32 = 99999;

/**
 * Reads the number at `start` into eight bytes at `out` and gives where it ends; 0 for what is no number of JSON, or
 * cannot be kept as asked.
 */
// @ts-ignore: decorator
@inline
export function readNumber(start: usize, out: usize, kind: i32): usize {
  const negative = load<u8>(start) == MINUS;
  const first = start + usize(negative);
  // Where the next number begins is known only when this one's digits are counted. For that not to wait for the sign too,
  // both places where they may be are looked at.
  const text = select<u64>(digitsAt(start + 1), digitsAt(start), negative);
  // By far the most frequent beginning of a decimal.
  if (u8(text >> 8) == (POINT ^ 0x30) && u8(text) < 10) {
    const fraction = select<u64>(digitsAt(start + 3), digitsAt(start + 2), negative);
    return readRest(text & 0xf, fraction, first, first + 1, negative, out, kind);
  }
  let count = digitCount(text);
  if (count == 0) return kind == DOUBLE ? readWord(first, negative, out) : 0;
  if (u8(text) == 0 && count > 1) return 0;
  let mantissa = digitsValue(text, count);
  let p = first + <usize>count;
  if (count == 8) {
    do {
      const more = digitsAt(p);
      count = digitCount(more);
      if (count == 0) break;
      mantissa = mantissa * tenTo(count) + digitsValue(more, count);
      p += <usize>count;
    } while (count == 8);
  }
  const next = load<u8>(p);
  if (next == POINT) return readRest(mantissa, digitsAt(p + 1), first, p, negative, out, kind);
  if ((next | LOWER) == EXPONENT) return kind == DOUBLE ? readPower(mantissa, 0, first, p, negative, out) : 0;
  return storeWhole(mantissa, first, p, negative, out, kind);
}

/** From the point on; `fraction` is the text behind it. */
// @ts-ignore: decorator
@inline
function readRest(whole: u64, fraction: u64, first: usize, point: usize, negative: bool, out: usize, kind: i32): usize {
  if (kind != DOUBLE) return 0;
  let p = point + 1;
  let text = fraction;
  let count = digitCount(text);
  if (count == 0) return 0;
  p += <usize>count;
  let mantissa = whole * tenTo(count) + digitsValue(text, count);
  if (count < 8 && p - first < SHORT && (load<u8>(p) | LOWER) != EXPONENT) {
    allWhole = false;
    storeSize(quotient(mantissa, count), negative, out);
    return p;
  }
  if (count == 8) {
    // Steps of eight are known before they are counted.
    p = point + 9;
    for (;;) {
      text = digitsAt(p);
      count = digitCount(text);
      if (count < 8) break;
      mantissa = mantissa * tenTo(8) + digitsValue(text, 8);
      p += 8;
    }
    if (count > 0) {
      mantissa = mantissa * tenTo(count) + digitsValue(text, count);
      p += <usize>count;
    }
  }
  return readPower(mantissa, i32(point + 1 - p), first, p, negative, out);
}

/** What may follow the digits, which end at `digitsEnd`, and the value of it all. */
function readPower(mantissa: u64, scale: i32, first: usize, digitsEnd: usize, negative: bool, out: usize): usize {
  let p = digitsEnd;
  let exponent = scale;
  allWhole = false;
  if ((load<u8>(p) | LOWER) == EXPONENT) {
    p++;
    const sign = load<u8>(p);
    if (sign == MINUS || sign == PLUS) p++;
    const digits = p;
    let power: i32 = 0;
    for (let digit = load<u8>(p) - 0x30; digit < 10; digit = load<u8>(++p) - 0x30) {
      power = min(power * 10 + digit, MAX_EXPONENT);
    }
    if (p == digits) return 0;
    exponent += sign == MINUS ? -power : power;
  }
  let size = fits(first, digitsEnd) ? nearest(mantissa, exponent) : UNKNOWN;
  if (size == UNKNOWN) size = slow(first, p);
  storeSize(size, negative, out);
  return size == Infinity ? 0 : p;
}

/** The sign is a bit: a branch for it would be foreseen wrong every other time. */
function storeSize(size: f64, negative: bool, out: usize): void {
  store<u64>(out, reinterpret<u64>(size) | (u64(negative) << 63));
}

/** Of a number spelled as an integer. */
function storeWhole(mantissa: u64, first: usize, end: usize, negative: bool, out: usize, kind: i32): usize {
  if (kind != DOUBLE) return fits(first, end) && storeInteger(mantissa, negative, out, kind) ? end : 0;
  if (end - first < SHORT) {
    // A whole number has no negative zero.
    store<f64>(out, f64(negative ? -i64(mantissa) : i64(mantissa)));
    return end;
  }
  const size = fits(first, end) ? f64(mantissa) : slow(first, end);
  store<f64>(out, negative ? 0 - size : size);
  return size == Infinity ? 0 : end;
}

/** Whether the digits between, a point among them, make a number of 64 bits: 19 do, leading zeros not counted. */
function fits(first: usize, end: usize): bool {
  if (end - first <= 19) return true;
  let p = first;
  while (load<u8>(p) == 0x30 || load<u8>(p) == POINT) p++;
  let digits = end - p;
  for (; p < end; p++) if (load<u8>(p) == POINT) digits--;
  return digits <= 19;
}

function slow(from: usize, to: usize): f64 {
  return readSlowly(i32(from - TEXT), i32(to - TEXT));
}

/** False for what 64 bits don't hold. */
function storeInteger(size: u64, negative: bool, out: usize, kind: i32): bool {
  const most: u64 = kind == UINT64 ? (negative ? 0 : u64.MAX_VALUE) : (u64(1) << 63) - u64(!negative);
  if (size > most) return false;
  store<u64>(out, negative ? 0 - size : size);
  return true;
}

/** `NaN`, `Inf` and `Infinity`, which RapidJSON takes for numbers. */
function readWord(p: usize, negative: bool, out: usize): usize {
  const three = load<u32>(p) & 0xffffff;
  if (three == 0x4e614e) {
    allWhole = false;
    store<f64>(out, NaN);
    return p + 3;
  }
  if (three != 0x666e49) return 0;
  allWhole = false;
  store<f64>(out, negative ? -Infinity : Infinity);
  if (load<u8>(p, 3) != 0x69) return p + 3;
  // inity
  return load<u32>(p, 3) == 0x74696e69 && load<u8>(p, 7) == 0x79 ? p + 8 : 0;
}
