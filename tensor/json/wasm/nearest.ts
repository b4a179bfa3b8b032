import { MAX_POWER, MIN_POWER, POWERS } from "./memory";
import { low, multiply } from "./wide";

/** Told instead of a result where only the exact, slow way can tell. */
export const UNKNOWN: f64 = -1;

/** Exact in a double up to 10^22. */
const TENS = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);
const MAX_EXACT_TEN: i32 = 22;
const TWO_53: u64 = u64(1) << 53;

/** The double nearest to mantissa·10^exponent, or UNKNOWN. */
export function nearest(mantissa: u64, exponent: i32): f64 {
  if (mantissa <= TWO_53) {
    // Both are exact, so this rounds once.
    if (exponent <= 0 && exponent >= -MAX_EXACT_TEN) return quotient(mantissa, -exponent);
    if (exponent > 0 && exponent <= MAX_EXACT_TEN)
      return f64(i64(mantissa)) * load<f64>(TENS + ((<usize>exponent) << 3));
    if (mantissa == 0) return 0;
  }
  return fromPower(mantissa, exponent);
}

/** mantissa/10^power, rounded once: for up to 2^53 and 10^22. */
export function quotient(mantissa: u64, power: u64): f64 {
  return f64(i64(mantissa)) / load<f64>(TENS + ((<usize>power) << 3));
}

/**
 * The way of Eisel and Lemire: the first bits of mantissa·5^exponent by one product, or two where the first leaves open
 * how to round. The power is cut off, so the true product lies somewhat above; where the ends of that range don't round
 * alike the answer is UNKNOWN, and so it is for ties, subnormals and overflow.
 */
function fromPower(mantissa: u64, exponent: i32): f64 {
  if (exponent < MIN_POWER || exponent > MAX_POWER) return UNKNOWN;
  const power = POWERS + ((exponent - MIN_POWER) << 4);
  const shift = clz(mantissa);
  const normal = mantissa << shift;
  let high = multiply(normal, load<u64>(power));
  let rest = low;
  const isLong = high >> 63;
  // 53 bits stay; of the others the first is the half.
  const dropped = 10 + isLong;
  const half = u64(1) << (dropped - 1);
  const mask = (half << 1) - 1;
  // The true product is less than one in the last place of `high` above high:rest.
  const tail = high & mask;
  if (tail == half - 1 || (tail == half && rest == 0)) {
    const more = multiply(normal, load<u64>(power, 8));
    rest += more;
    if (rest < more) high++;
    // Now it is less than two in the last place of `rest` above.
    const last = high & mask;
    if (last == half - 1 ? rest >= u64.MAX_VALUE - 1 : rest == 0) return UNKNOWN;
  }
  let bits = (high >> dropped) + u64((high & mask) >= half);
  // floor(log2(10^n)), by a fraction that is near enough for every exponent above.
  let binary = ((217706 * exponent) >> 16) + i32(63 - shift + isLong) + 1023;
  if (bits == TWO_53) {
    bits >>= 1;
    binary++;
  }
  if (binary <= 0 || binary >= 2047) return UNKNOWN;
  return reinterpret<f64>((bits & ((u64(1) << 52) - 1)) | (u64(binary) << 52));
}
