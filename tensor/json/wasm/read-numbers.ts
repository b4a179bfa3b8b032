import { DOUBLE, FLOAT, UINT64 } from "./kinds";
import { expect, LEAST, TO_END, TO_MOST, usualLength, usualPlaces } from "./layout";
import { nearest, UNKNOWN } from "./nearest";
import { endOfPower, isExponent, power } from "./power";
import { setAllWhole } from "./read-any";
import { digitsOf, firstBytes, lastBytes, oddBytes, sixteenDigits } from "./sixteen";

const MINUS: u8 = 0x2d;
const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;
const COMMA: u8 = 0x2c;
const BLANK: u8 = 0x20;
/** `],[` and `], [`, the first byte the lowest. */
const NEXT_ROW: u32 = 0x5b2c5d;
const NEXT_ROW_BLANK: u32 = 0x5b202c5d;
const CLOSE: u8 = 0x5d;

/** What a number with so many digits behind its point is divided by; what a negative one is begins NEGATIVE bytes further. */
const DIVISORS = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, -1, -1e1,
  -1e2, -1e3, -1e4, -1e5, -1e6, -1e7, -1e8, -1e9, -1e10, -1e11, -1e12, -1e13, -1e14, -1e15, -1e16, -1e17, -1e18, -1e19,
]);
const NEGATIVE: usize = 160;

/** More than the error of a few roundings of doubles: 2^-50. */
const ROUNDED: f64 = 8.881784197001252e-16;

/* Where the last call has stopped. */

/** Behind the numbers that were read. */
export let nextOut: usize = 0;
/** Where the numbers of the innermost list begin. */
export let rowOut: usize = 0;
/** Innermost lists that have ended. */
export let rowsDone: i32 = 0;
/** Whether a number has just ended; else one may begin. */
export let isBehind: bool = false;

/**
 * Reads numbers of at most 19 digits one behind the other, and on over the ends of innermost lists of `rowBytes` each.
 * `out` is where they go, `row` where those of the first such list have begun. Gives where it has stopped, at whatever else
 * is there; the rest of what it tells stands above.
 *
 * Where a number begins is known once the one before has been looked at, so time passes in steps from one to the next. In
 * a step that is foreseen, as by branches on what mostly is the case, nothing has to be waited for.
 */
export function readNumbers(from: usize, out: usize, row: usize, rowBytes: usize, kind: i32): usize {
  const itemBytes: usize = kind == FLOAT ? 4 : 8;
  let p = from;
  let rows = 0;
  let isWhole = true;
  let least = v128.load(LEAST);
  let toMost = kind < DOUBLE ? i8x16.splat(-1) : v128.load(TO_MOST);
  let toEnd = v128.load(TO_END);
  let length = usualLength;
  let seen = firstBytes(length);
  let missed: usize = 0;
  isBehind = false;
  for (;;) {
    const begin = load<u8>(p);
    if (begin == BLANK) {
      p++;
      continue;
    }
    const negative = <usize>u32(begin == MINUS);
    const text = v128.load(p + negative);
    let stop = p + negative + length;
    let value: f64;
    const over = i8x16.add_sat_u(v128.and(i8x16.sub(text, least), seen), toMost);
    if (i8x16.bitmask(over) == 0) {
      isWhole = false;
      const mantissa = sixteenDigits(i8x16.swizzle(digitsOf(text), toEnd));
      value = f64(mantissa) / load<f64>(DIVISORS + (usualPlaces << 3) + negative * NEGATIVE);
    } else {
      let odd = oddBytes(v128.load(p)) - u32(negative);
      if (odd == 0) break;
      const whole = <usize>ctz(odd) - negative;
      if (whole != 1 && (whole == 0 || load<u8>(p + negative) == ZERO)) break;
      stop = p + <usize>ctz(odd);
      if (load<u8>(stop) != POINT) {
        const digits = sixteenDigits(v128.and(digitsOf(v128.load(stop - 16)), lastBytes(whole)));
        const integer = negative != 0 ? -digits : digits;
        // As a double it has no negative zero.
        value = kind >= DOUBLE ? f64(integer) : reinterpret<f64>(integer);
        if (kind == UINT64 && integer < 0) break;
      } else {
        if (kind < DOUBLE) break;
        isWhole = false;
        // At the second byte that is no digit the number ends, at the latest.
        let ends = odd & (odd - 1);
        if (ends == 0) {
          odd |= oddBytes(v128.load(p, 16)) << 16;
          ends = odd & (odd - 1);
          if (ends == 0) break;
        }
        const digitsEnd = p + <usize>ctz(ends);
        stop = digitsEnd;
        const digits = <usize>ctz(ends) - negative - 1;
        const places = digits - whole;
        if (places == 0) break;
        const low = sixteenDigits(digitsBefore(stop, places, digits));
        const divisor = load<f64>(DIVISORS + (places << 3) + negative * NEGATIVE);
        const isPower = isExponent(stop);
        if (digits <= 15 && !isPower) {
          value = f64(low) / divisor;
          if (digits < 15 && digits == missed) {
            expect(whole, places);
            least = v128.load(LEAST);
            toMost = v128.load(TO_MOST);
            toEnd = v128.load(TO_END);
            length = usualLength;
            seen = firstBytes(length);
          }
          missed = digits;
        } else {
          if (digits > 19) break;
          if (isPower) {
            stop = endOfPower(stop);
            if (stop == 0) break;
          }
          const high = sixteenDigits(digitsBefore(digitsEnd - 16, places - 16, digits - 16));
          value = (f64(high) * 1e16 + f64(low)) / divisor;
          // Rounded three times, by 2^-53 each: for a float that mostly makes no difference.
          const error = value * ROUNDED;
          if (itemBytes == 8 || isPower || f32(value - error) != f32(value + error)) {
            value = nearest(u64(high * 10000000000000000 + low), (isPower ? power : 0) - i32(places));
            if (value == UNKNOWN) break;
            if (negative != 0) value = -value;
          }
        }
      }
    }
    if (itemBytes == 4) store<f32>(out, f32(value));
    else store<f64>(out, value);
    const byte = load<u8>(stop);
    if (byte == COMMA) {
      out += itemBytes;
      p = stop + 1;
      continue;
    }
    if (byte - ZERO < 10) {
      // Longer than expected: it has to be looked at.
      toMost = i8x16.splat(-1);
      continue;
    }
    // It may go on.
    if (byte == 0 || (byte != CLOSE && byte > BLANK)) break;
    out += itemBytes;
    const gap = out - row == rowBytes ? toNextRow(load<u32>(stop)) : 0;
    if (gap == 0) {
      p = stop;
      isBehind = true;
      break;
    }
    p = stop + gap;
    row = out;
    rows++;
  }
  nextOut = out;
  rowOut = row;
  rowsDone = rows;
  if (!isWhole) setAllWhole(false);
  return p;
}

/**
 * The last sixteen of the number's digits, of which there may be fewer, where its text ends at `stop`. Those before the
 * point, which has `places` behind it, move one further, into its place.
 */
// @ts-ignore: decorator
@inline
function digitsBefore(stop: usize, places: usize, digits: usize): v128 {
  const joined = v128.bitselect(v128.load(stop - 16), v128.load(stop - 17), lastBytes(places));
  return v128.and(digitsOf(joined), lastBytes(digits));
}

/** How far the next innermost list's first element is from the end of the last one's; 0 for what is not so plain. */
function toNextRow(text: u32): usize {
  if ((text & 0xffffff) == NEXT_ROW) return 3;
  return text == NEXT_ROW_BLANK ? 4 : 0;
}

// @ts-ignore: decorator
@inline
export function skipBlank(p: usize): usize {
  return load<u8>(p) > BLANK ? p : skipBlanks(p);
}

function skipBlanks(from: usize): usize {
  let p = from;
  let byte = load<u8>(p);
  while (byte <= BLANK && (byte == BLANK || byte == 0x0a || byte == 0x0d || byte == 0x09)) byte = load<u8>(++p);
  return p;
}
