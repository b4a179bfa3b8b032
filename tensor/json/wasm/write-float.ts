import { eightValues } from "./digits";
import { MAX_POWER, MIN_POWER, POWERS, TEXT } from "./memory";
import { nearest, UNKNOWN } from "./nearest";
import { low, multiply, multiplyShort } from "./wide";
import { isPlain, isShort, setShort, writePlain } from "./write-plain";

/** The host's own writer, exact for any number: writes at this place in the text and gives how many bytes. */
declare function writeSlowly(value: f64, isFloat: bool, at: i32): i32;

const TEN_8: u64 = 100000000;
const TEN_9: u32 = 1000000000;
/** Up to this power 5^n has no more than 128 bits and is exact. */
const MAX_EXACT: i32 = 55;

const MINUS: u8 = 0x2d;
const PLUS: u8 = 0x2b;
const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;
const LETTER_E: u8 = 0x65;
const QUOTE: u8 = 0x22;

/**
 * Writes a number as C's `%g` does if that reads back to the same value, else as `%.9g` or, for a double, `%.17g`; always
 * with a point or an exponent. Gives where it ends; some bytes behind it are written over. `value` of a float is exactly
 * it. `strict`: what is no number of JSON as a string.
 */
// @ts-ignore: decorator
@inline
export function writeFloat(value: f64, isFloat: bool, strict: bool, out: usize): usize {
  const bits = reinterpret<u64>(value);
  if (isPlain(bits) && (isFloat || isShort)) {
    const end = writePlain(abs(value), bits >> 63, isFloat, out);
    if (end != 0) return end;
  }
  const field = i32(bits >> 52) & 0x7ff;
  if (field == 0x7ff) return writeWord(value, strict, out);
  // As often as not, so without a branch.
  store<u8>(out, MINUS);
  const p = out + <usize>(bits >> 63);
  const fraction = bits & ((u64(1) << 52) - 1);
  if (field == 0) {
    if (fraction != 0) return writeOther(value, isFloat, out);
    store<u32>(p, 0x302e30);
    return p + 3;
  }
  return writeSize(fraction | (u64(1) << 52), field - 1075, value, isFloat, p, out);
}

/** Of mantissa·2^exponent, with 53 bits in the mantissa. */
// @ts-ignore: decorator
@inline
function writeSize(mantissa: u64, exponent: i32, value: f64, isFloat: bool, out: usize, start: usize): usize {
  const normal = mantissa << 11;
  const binary = exponent + 52;
  // floor(log10(2^n)), by a fraction that is near enough; one more where the power of ten behind it is reached.
  let first = (binary * 315653) >> 20;
  const above = POWERS + ((first + 1 - MIN_POWER) << 4);
  first += i32(binaryOf(first + 1) == binary) & i32(normal - u64(load<u64>(above, 8) != 0) >= load<u64>(above));
  const precision = isFloat ? 9 : 17;
  // The whole part of value·10^shift has as many digits as wanted.
  const shift = precision - 1 - first;
  if (shift > MAX_POWER) return writeOther(value, isFloat, start);
  const power = POWERS + ((shift - MIN_POWER) << 4);
  let high = isFloat ? multiplyShort(normal, load<u64>(power)) : multiply(normal, load<u64>(power));
  let middle = low;
  let last: u64 = 0;
  const powerLow = load<u64>(power, 8);
  if (powerLow != 0) {
    const more = multiply(normal, powerLow);
    last = low;
    middle += more;
    if (middle < more) high++;
  }
  // A power that is cut off leaves the product too small by less than one in the last place of `middle`.
  if ((shift < 0 || shift > MAX_EXACT) && middle + 1 <= 1) return writeOther(value, isFloat, start);
  const dropped = u64(10 - exponent - binaryOf(shift));
  const half = u64(1) << (dropped - 1);
  const tail = high & ((half << 1) - 1);
  const below = middle | last;
  const whole = high >> dropped;
  // Nine digits and, of a double, eight more.
  let nine: u32;
  let eight: u64 = 0;
  if (isFloat) nine = u32(whole);
  else {
    nine = u32(whole / TEN_8);
    eight = whole - u64(nine) * TEN_8;
  }
  const six = nine / 1000;
  const three = nine - six * 1000;
  const up = roundsUp(three, 500, eight | tail | below, six);
  // Whatever reads back is within half a step of the value: 60 in the ninth digit of a float (but for subnormals, whose
  // steps are wide), 12 in the last digit of a double.
  const distance: u32 = up ? 1000 - three : three;
  const near: u32 = isFloat ? (first < -37 ? 1000 : 61) : up;
  if (distance <= near) {
    let short: u32 = six + up;
    const read = nearest(short, first - 5);
    if (read == UNKNOWN) return writeOther(value, isFloat, start);
    const size = abs(value);
    if (isFloat ? f64(f32(read)) == size : read == size) {
      setShort(true);
      if (short == 1000000) {
        short = 100000;
        first++;
      }
      return writeDigits(short * 1000, 0, first, 6, out);
    }
  }
  const upLast = roundsUp(tail, half, below, u32(whole));
  if (isFloat) nine += upLast;
  else {
    eight += upLast;
    if (eight == TEN_8) {
      eight = 0;
      nine++;
    }
  }
  if (nine == TEN_9) {
    nine = TEN_9 / 10;
    first++;
  }
  return writeDigits(nine, eight, first, precision, out);
}

/** 1 for more than half a step, and for just a half above an odd number; without branches, of which each second would be foreseen wrong. */
function roundsUp(tail: u64, half: u64, below: u64, whole: u32): u32 {
  return u32(tail > half) | (u32(tail == half) & (u32(below != 0) | (whole & 1)));
}

/** floor(log2(10^n)) for the powers in the table. */
function binaryOf(power: i32): i32 {
  return (217706 * power) >> 16;
}

/** `%g`: no trailing zeros, an exponent below -4 and from the precision up. */
// @ts-ignore: decorator
@inline
function writeDigits(nine: u32, eight: u64, first: i32, precision: i32, out: usize): usize {
  const top = nine / u32(TEN_8);
  const values = eightValues(nine - top * u32(TEN_8));
  let count: usize = 9 - <usize>(clz(values) >> 3);
  let more: u64 = 0;
  if (eight != 0) {
    more = eightValues(eight);
    count = 17 - <usize>(clz(more) >> 3);
  }
  const isFraction = first < 0 && first >= -4;
  const at = isFraction ? out + 1 - first : out + 1;
  // "0.000000"
  if (isFraction) store<u64>(out, 0x3030303030302e30);
  store<u8>(at, ZERO + u8(top));
  store<u64>(at, values | 0x3030303030303030, 1);
  store<u64>(at, more | 0x3030303030303030, 9);
  if (isFraction) return at + count;
  if (first >= 0 && first < precision) {
    // The digits before the point move up to it.
    const places: usize = <usize>first + 1;
    store<u8>(at, ZERO, 17);
    for (let i: usize = 0; i < places; i++) store<u8>(out + i, load<u8>(out + i, 1));
    store<u8>(out + places, POINT);
    return out + 1 + max(count, places + 1);
  }
  store<u8>(out, load<u8>(at));
  let p = out + 1;
  if (count > 1) {
    store<u8>(p, POINT);
    p = at + count;
  }
  store<u8>(p, LETTER_E);
  store<u8>(p, first < 0 ? MINUS : PLUS, 1);
  p += 2;
  let power = u32(abs(first));
  if (power >= 100) {
    store<u8>(p++, ZERO + u8(power / 100));
    power %= 100;
  }
  store<u8>(p, ZERO + u8(power / 10));
  store<u8>(p, ZERO + u8(power % 10), 1);
  return p + 2;
}

function writeOther(value: f64, isFloat: bool, out: usize): usize {
  return out + writeSlowly(value, isFloat, i32(out - TEXT));
}

/** `NaN`, `Infinity`, `-Infinity`. */
function writeWord(value: f64, strict: bool, out: usize): usize {
  let p = out;
  if (strict) store<u8>(p++, QUOTE);
  if (value != value) {
    store<u32>(p, 0x4e614e);
    p += 3;
  } else {
    if (value < 0) store<u8>(p++, MINUS);
    store<u64>(p, 0x7974696e69666e49);
    p += 8;
  }
  if (strict) store<u8>(p++, QUOTE);
  return p;
}
