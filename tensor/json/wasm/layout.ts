/*
 * How a number is laid out: so many digits, a point, so many digits. Most numbers of a list look like the one before, and
 * whether one does takes a few instructions to tell.
 */

const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;

/** Of each byte of such a number what it is at least, and how far above that it may be: as what makes that 127. */
export const LEAST: usize = memory.data<u64>([0, 0, -1, -1, 0, 0], 16);
export const TO_MOST: usize = LEAST + 16;
/** Where each byte of a vector has its digit from, so that the last digit is at the end. */
export const TO_END: usize = LEAST + 32;

/** Without a sign, at most 15. */
export let usualLength: usize = 16;
/** Digits behind the point. */
export let usualPlaces: usize = 0;

const INDEXES = memory.data<u64>([0x0706050403020100, 0x0f0e0d0c0b0a0908], 16);

/** From now on this layout is the usual one; before the first, nothing is laid out so. */
export function expect(whole: usize, places: usize): void {
  usualLength = whole + 1 + places;
  usualPlaces = places;
  const index = v128.load(INDEXES);
  // Set bytes are -1 as numbers.
  const isPoint = i8x16.eq(index, i8x16.splat(u8(whole)));
  // A digit before others is none of zero.
  const isFirst = whole > 1 ? i8x16.eq(index, i8x16.splat(0)) : i8x16.splat(0);
  v128.store(LEAST, i8x16.sub(v128.bitselect(i8x16.splat(POINT), i8x16.splat(ZERO), isPoint), isFirst));
  v128.store(TO_MOST, v128.bitselect(i8x16.splat(127), i8x16.sub(i8x16.splat(118), isFirst), isPoint));
  // Before the first digit these are negative, which stands for zero; behind the point they are one further.
  const digit = i8x16.sub(index, i8x16.splat(u8(16 - whole - places)));
  v128.store(TO_END, i8x16.sub(digit, i8x16.gt_s(digit, i8x16.splat(u8(whole - 1)))));
}
