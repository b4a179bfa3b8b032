const ZEROS: u64 = 0x3030303030303030;

/** How many decimal digits the next eight bytes begin with; `text` is as {@link digitsAt} gives it. */
export function digitCount(text: u64): u64 {
  // A digit is 0 to 9 here and stays below 0x80; the first byte that doesn't is no digit. Carries only go on from there.
  return ctz(((text + 0x7676767676767676) | text) & 0x8080808080808080) >> 3;
}

/** Eight bytes of text, in which digits have become their values. */
export function digitsAt(at: usize): u64 {
  return load<u64>(at) ^ ZEROS;
}

/** The number that the first `count` digits make, 1 to 8: pairs, then fours, then all of them, in three steps. */
export function digitsValue(text: u64, count: u64): u64 {
  const right = text << (64 - (count << 3));
  const pairs = right * 10 + (right >> 8);
  const odd = (pairs & 0x000000ff000000ff) * 0x000f424000000064;
  const even = ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
  return (odd + even) >> 32;
}

/** Eight digits as text, the first in the lowest byte. `value` is below 10^8. */
export function eightDigits(value: u64): u64 {
  return eightValues(value) | ZEROS;
}

/** The same, but each byte holds the digit's value. */
export function eightValues(value: u64): u64 {
  // Two of four digits, four of two, eight of one: each division is a product that is exact in its range.
  const high = (value * 3518437209) >> 45;
  const fours = high | ((value - high * 10000) << 32);
  const hundreds = ((fours * 10486) >> 20) & 0x0000007f0000007f;
  const twos = hundreds | ((fours - hundreds * 100) << 16);
  const tens = ((twos * 103) >> 10) & 0x000f000f000f000f;
  return tens | ((twos - tens * 10) << 8);
}

/** 10^0 to 10^19. */
const TENS = memory.data<u64>([
  1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
  10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
  10000000000000000000,
]);

export function tenTo(power: u64): u64 {
  return load<u64>(TENS + ((<usize>power) << 3));
}
