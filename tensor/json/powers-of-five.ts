const MASK_64 = 2n ** 64n - 1n;

/**
 * 5^n for n from `least` to `most`, each cut to its first 128 bits: high half, low half. Exact from 0 to 55; the others
 * are too small by less than one in their last place.
 */
export function powersOfFive(least: number, most: number): BigUint64Array {
  const halves = new BigUint64Array((most - least + 1) * 2);
  for (let n = least; n <= most; n++) {
    const bits = firstBits(5n ** BigInt(Math.abs(n)), n < 0);
    halves[(n - least) * 2] = bits >> 64n;
    halves[(n - least) * 2 + 1] = bits & MASK_64;
  }
  return halves;
}

/** The first 128 bits of a whole number, or of one divided by it. */
function firstBits(whole: bigint, inverse: boolean): bigint {
  const length = BigInt(whole.toString(2).length);
  if (inverse) return 2n ** (length + 127n) / whole;
  return length <= 128n ? whole << (128n - length) : whole >> (length - 128n);
}
