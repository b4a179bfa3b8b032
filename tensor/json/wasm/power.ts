const MINUS: u8 = 0x2d;
const PLUS: u8 = 0x2b;
/** `e`, and `E` with this bit set. */
const EXPONENT: u8 = 0x65;
const LOWER: u8 = 0x20;

/** More digits than any double needs; keeps the exponent a small number. */
const MAX_EXPONENT: i32 = 99999;

// @ts-ignore: decorator
@inline
export function isExponent(p: usize): bool {
  return (load<u8>(p) | LOWER) == EXPONENT;
}

/** What {@link endOfPower} has read. */
export let power: i32 = 0;

/** Reads the exponent whose letter is at `letter` and gives where it ends; 0 if there are no digits. */
export function endOfPower(letter: usize): usize {
  let p = letter + 1;
  const sign = load<u8>(p);
  if (sign == MINUS || sign == PLUS) p++;
  const digits = p;
  let size: i32 = 0;
  for (let digit = load<u8>(p) - 0x30; digit < 10; digit = load<u8>(++p) - 0x30) {
    size = min(size * 10 + digit, MAX_EXPONENT);
  }
  power = sign == MINUS ? -size : size;
  return p == digits ? 0 : p;
}
