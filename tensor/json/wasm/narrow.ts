import { VALUES } from "./memory";

/**
 * Turns the first `count` of the doubles in VALUES into integers of 1, 2 or 4 bytes, in place: what is written is never
 * before what is read. False when one is not within the range. All have to be whole.
 */
export function narrowToIntegers(count: i32, from: f64, to: f64, itemBytes: i32): bool {
  let out = VALUES;
  for (let at = VALUES; at < VALUES + (count << 3); at += 8) {
    const value = load<f64>(at);
    if (!(value >= from && value <= to)) return false;
    const integer = i32(i64(value));
    if (itemBytes == 4) store<i32>(out, integer);
    else if (itemBytes == 2) store<i16>(out, <i16>integer);
    else store<i8>(out, <i8>integer);
    out += <usize>itemBytes;
  }
  return true;
}
