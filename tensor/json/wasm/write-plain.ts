import { eightValues } from "./digits";

const TEN_8: u32 = 100000000;
const TEN_9: u32 = 1000000000;

const MINUS: u8 = 0x2d;
const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;

/** 10^-4 to 10^12. From 1 on they are exact, and so is their product with a float: 24 bits, and 28 of 5^12. */
const TENS = memory.data<f64>([1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12]);

// @ts-ignore: decorator
@inline
function tenTo(power: i32): f64 {
  return load<f64>(TENS + 32 + (power << 3));
}

/** All bits but the sign. */
const SIZE: u64 = 0x7fffffffffffffff;
/** 10^-4 and 10^6: sizes between are written without an exponent. */
const LEAST: u64 = 0x3f1a36e2eb1c432d;
const BEYOND: u64 = 0x412e848000000000;

// @ts-ignore: decorator
@inline
export function isPlain(bits: u64): bool {
  return (bits & SIZE) - LEAST < BEYOND - LEAST;
}

/** Whether the last double has had no more than six digits: then the next one may be so too. */
export let isShort: bool = true;

export function setShort(value: bool): void {
  isShort = value;
}

/** 2^52: what is added to it is rounded to a whole number, ties to even, which is then in the low bits. */
const WHOLE: f64 = 4503599627370496;

/**
 * Writes sizes between those two as far as few operations tell how: floats, and doubles of six digits. Gives 0 for other
 * doubles.
 */
// @ts-ignore: decorator
@inline
export function writePlain(size: f64, negative: u64, isFloat: bool, out: usize): usize {
  // floor(log10(2^n)), by a fraction that is near enough; one more where the power of ten behind it is reached.
  const binary = i32(reinterpret<u64>(size) >> 52) - 1023;
  let first = (binary * 315653) >> 20;
  first += i32(size >= tenTo(first + 1));
  const scale = tenTo(5 - first);
  // Where this is not exact it may be wrong just where neither neighbour is the value.
  let whole = size * scale + WHOLE;
  const read = (whole - WHOLE) / scale;
  let nine = u32(reinterpret<u64>(whole)) * 1000;
  if ((isFloat ? f64(f32(read)) : read) != size) {
    if (!isFloat) {
      isShort = false;
      return 0;
    }
    whole = size * tenTo(8 - first) + WHOLE;
    nine = u32(reinterpret<u64>(whole));
  }
  // The float that is nearest to a power of ten may lie below it.
  if (nine == TEN_9) {
    nine = TEN_9 / 10;
    first++;
  }
  // As often as not, so without a branch.
  store<u8>(out, MINUS);
  const p = out + <usize>negative;
  const top = nine / TEN_8;
  const values = eightValues(nine - top * TEN_8);
  const count: usize = 9 - <usize>(clz(values) >> 3);
  const text = values | 0x3030303030303030;
  if (first < 0) {
    // "0.000000"
    store<u64>(p, 0x3030303030302e30);
    const at = p + 1 - first;
    store<u8>(at, ZERO + u8(top));
    store<u64>(at, text, 1);
    return at + count;
  }
  store<u8>(p, ZERO + u8(top));
  store<u64>(p, text, 1);
  const point = p + 1 + first;
  store<u8>(point, POINT);
  store<u64>(point, text >> (first << 3), 1);
  return p + 1 + max(count, <usize>first + 2);
}
