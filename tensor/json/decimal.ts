/** Exact in a double up to 10^22. */
export const POWERS_OF_TEN: Float64Array = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** Splits a double into halves of 26 bits, whose products are exact (Dekker 1971). */
const SPLITTER = 2 ** 27 + 1;

/** What `product`, the rounded a·b, leaves out of the exact one. No overflow: |a|, |b| below 2^996. */
export function productError(a: number, b: number, product: number): number {
  const aWide = SPLITTER * a;
  const aHigh = aWide - (aWide - a);
  const aLow = a - aHigh;
  const bWide = SPLITTER * b;
  const bHigh = bWide - (bWide - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** Digits that a double holds exactly. */
const EXACT_DIGITS = 15;
/** Above the error of the few operations below, each of about 2^-104. */
const UNCERTAIN = 2 ** -96;

/**
 * The double nearest to the digits in `bytes` (a point among them is stepped over) times 10^exponent, for up to 30
 * digits and exponents within ±22; NaN where that cannot be told so, which is rare, and never wrong.
 *
 * The digits become the unrounded sum of two doubles; so does its product or quotient with the power of ten, which is
 * exact. The result is safe to round when a small step up and one down round alike.
 */
export function extendedDecimal(bytes: Uint8Array, from: number, to: number, exponent: number): number {
  if (exponent < -22 || exponent > 22) return Number.NaN;
  let head = 0;
  let tail = 0;
  let count = 0;
  for (let pos = from; pos < to; pos++) {
    const byte = bytes[pos] as number;
    if (byte === 0x2e) continue;
    if (count < EXACT_DIGITS) head = head * 10 + (byte - 0x30);
    else tail = tail * 10 + (byte - 0x30);
    // Leading zeros are no digits.
    if (count > 0 || head > 0) count++;
  }
  if (count > 2 * EXACT_DIGITS) return Number.NaN;
  let high = head;
  let low = 0;
  if (count > EXACT_DIGITS) {
    const shift = POWERS_OF_TEN[count - EXACT_DIGITS] as number;
    const shifted = head * shift;
    const error = productError(head, shift, shifted);
    high = shifted + tail;
    low = tail - (high - shifted) + error;
  }
  const power = POWERS_OF_TEN[Math.abs(exponent)] as number;
  let result: number;
  let rest: number;
  if (exponent >= 0) {
    result = high * power;
    rest = productError(high, power, result) + low * power;
  } else {
    result = high / power;
    const back = result * power;
    rest = (high - back - productError(result, power, back) + low) / power;
  }
  const step = result * UNCERTAIN;
  const nearest = result + (rest - step);
  return nearest === result + (rest + step) ? nearest : Number.NaN;
}
