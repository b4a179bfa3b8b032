import { digitCount, digitsAt, digitsValue, tenTo } from "./digits";
import { DOUBLE, UINT64 } from "./kinds";
import { endOfPower, isExponent, power } from "./power";
import { TEXT } from "./memory";
import { nearest, UNKNOWN } from "./nearest";

/** The host's own conversion, exact for any text: of the number that `from` and `to` enclose, counted in the text. */
declare function readSlowly(from: i32, to: i32): f64;

/** Whether every number since this was set was spelled as an integer. */
export let allWhole: bool = true;

export function setAllWhole(value: bool): void {
  allWhole = value;
}

const MINUS: u8 = 0x2d;
const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;
/** Text of fewer bytes makes a whole number that a double holds exactly. */
const SHORT: usize = 17;

/**
 * Reads the number at `start` into eight bytes at `out` and gives where it ends; 0 for what is no number of JSON, or
 * cannot be kept as asked.
 */
export function readAny(start: usize, out: usize, kind: i32): usize {
  const negative = load<u8>(start) == MINUS;
  const first = start + usize(negative);
  let mantissa: u64 = 0;
  let point: usize = 0;
  let p = first;
  for (;;) {
    const text = digitsAt(p);
    const count = digitCount(text);
    if (count > 0) mantissa = mantissa * tenTo(count) + digitsValue(text, count);
    p += <usize>count;
    if (count == 8) continue;
    if (point > 0 || load<u8>(p) != POINT) break;
    point = p++;
  }
  const whole = (point > 0 ? point : p) - first;
  if (whole == 0) return kind >= DOUBLE ? readWord(first, negative, out) : 0;
  if (whole > 1 && load<u8>(first) == ZERO) return 0;
  if (point == 0 && !isExponent(p)) return storeWhole(mantissa, first, p, negative, out, kind);
  if (kind < DOUBLE || p == point + 1) return 0;
  const places = point > 0 ? p - point - 1 : 0;
  return readPower(mantissa, -i32(places), first, p, negative, out);
}

/** What may follow the digits, which end at `digitsEnd`, and the value of it all. */
function readPower(mantissa: u64, scale: i32, first: usize, digitsEnd: usize, negative: bool, out: usize): usize {
  const p = isExponent(digitsEnd) ? endOfPower(digitsEnd) : digitsEnd;
  if (p == 0) return 0;
  const exponent = p == digitsEnd ? scale : scale + power;
  allWhole = false;
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
  if (kind < DOUBLE) return fits(first, end) && storeInteger(mantissa, negative, out, kind) ? end : 0;
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
  while (load<u8>(p) == ZERO || load<u8>(p) == POINT) p++;
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
