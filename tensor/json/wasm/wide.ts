/** The low half of the last product. */
export let low: u64 = 0;

/** The high half of a·b; WebAssembly has no such instruction, so it is made of four products of 32 bits. */
export function multiply(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const cross = aHigh * bLow + ((aLow * bLow) >> 32);
  const middle = aLow * bHigh + (cross & 0xffffffff);
  low = a * b;
  return aHigh * bHigh + (cross >> 32) + (middle >> 32);
}

/** The same for an `a` whose low half is zero. */
export function multiplyShort(a: u64, b: u64): u64 {
  const aHigh = a >> 32;
  const right = aHigh * (b & 0xffffffff);
  low = right << 32;
  return aHigh * (b >> 32) + (right >> 32);
}
