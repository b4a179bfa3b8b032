import { TEXT } from "./memory";

/** How many bytes the text begins with that mean themselves in a JSON string: all but quotes, backslashes and control characters. */
export function plainLength(length: i32): i32 {
  const blank = i8x16.splat(0x20);
  const quote = i8x16.splat(0x22);
  const backslash = i8x16.splat(0x5c);
  for (let at = 0; at < length; at += 16) {
    const bytes = v128.load(TEXT + at);
    const ends = v128.or(
      i8x16.lt_u(bytes, blank),
      v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash)),
    );
    if (v128.any_true(ends)) return min(length, at + ctz(i8x16.bitmask(ends)));
  }
  return length;
}
