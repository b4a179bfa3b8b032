/* Sixteen bytes of text at once. */

/*
 * Constants are loaded from memory where they are used: the engine makes those in the code anew each time, by three
 * instructions.
 */
const ZEROS = memory.data<u64>([0x3030303030303030, 0x3030303030303030], 16);
const TO_ODD = memory.data<u64>([0x7676767676767676, 0x7676767676767676], 16);
const EVEN = memory.data<u64>([0x00ff00ff00ff00ff, 0x00ff00ff00ff00ff], 16);
const TENS = memory.data<u64>([0x000a000a000a000a, 0x000a000a000a000a], 16);
const HUNDREDS = memory.data<u64>([0x0001006400010064, 0x0001006400010064], 16);
const TEN_THOUSANDS = memory.data<u64>([0x0001271000012710, 0x0001271000012710], 16);
/** Bytes from 32 to 63 are set. */
const LANES = memory.data<u64>([0, 0, 0, 0, -1, -1, -1, -1, 0, 0], 16);

/** All bits of the last `count` bytes, none for -16 to 0 and all for 16 to 32. */
// @ts-ignore: decorator
@inline
export function lastBytes(count: usize): v128 {
  return v128.load(LANES + 16 + count);
}

/** All bits of the first `count` bytes, up to 16. */
// @ts-ignore: decorator
@inline
export function firstBytes(count: usize): v128 {
  return v128.load(LANES + 64 - count);
}

/** Digits as their values; all other bytes are more than 9. */
// @ts-ignore: decorator
@inline
export function digitsOf(text: v128): v128 {
  return i8x16.sub(text, v128.load(ZEROS));
}

/** A bit for each byte that is no decimal digit, the first byte's the lowest. */
// @ts-ignore: decorator
@inline
export function oddBytes(text: v128): u32 {
  // Digits become 118 to 127, all others more, which is what the highest bit tells.
  return i8x16.bitmask(i8x16.add_sat_u(digitsOf(text), v128.load(TO_ODD)));
}

/** The number that sixteen digits make, below 10^16. */
// @ts-ignore: decorator
@inline
export function sixteenDigits(digits: v128): i64 {
  // Pairs, then fours, then eights.
  const pairs = i16x8.add(
    i16x8.mul(v128.and(digits, v128.load(EVEN)), v128.load(TENS)),
    i16x8.shr_u(digits, 8),
  );
  const fours = i32x4.dot_i16x8_s(pairs, v128.load(HUNDREDS));
  const eights = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_u(fours, fours), v128.load(TEN_THOUSANDS));
  const both = i64x2.extract_lane(eights, 0);
  return (both & 0xffffffff) * 100000000 + (both >> 32);
}
