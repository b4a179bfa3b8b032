import { eightDigits, eightValues } from "./digits";

const TEN_8: u64 = 100000000;
const TEN_16: u64 = TEN_8 * TEN_8;

/** Gives where the text ends; up to seven bytes behind it are written over. */
export function writeInteger(size: u64, negative: bool, out: usize): usize {
  let p = out;
  if (negative) store<u8>(p++, 0x2d);
  if (size < TEN_8) return writeShort(size, p);
  if (size < TEN_16) {
    const high = size / TEN_8;
    p = writeShort(high, p);
    store<u64>(p, eightDigits(size - high * TEN_8));
    return p + 8;
  }
  const high = size / TEN_16;
  const rest = size - high * TEN_16;
  const middle = rest / TEN_8;
  p = writeShort(high, p);
  store<u64>(p, eightDigits(middle));
  store<u64>(p, eightDigits(rest - middle * TEN_8), 8);
  return p + 16;
}

/** Below 10^8, without leading zeros. */
function writeShort(size: u64, out: usize): usize {
  const values = eightValues(size);
  // Zero has one digit all the same.
  const leading = min(ctz(values) >> 3, 7);
  store<u64>(out, (values | 0x3030303030303030) >> (leading << 3));
  return out + 8 - <usize>leading;
}
