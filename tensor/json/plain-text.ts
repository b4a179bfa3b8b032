import { numberKernel } from "./kernel.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Most strings are shorter. */
const NEAR_BYTES = 64;
const FIRST_LOOK_BYTES = 256;

/**
 * The first position from `from` on where a string is not what it says: of a quote, a backslash or a control character; the
 * end of `bytes` if there is none. Long texts, images above all, are looked at by WebAssembly, 16 bytes at a time.
 */
export function plainEnd(bytes: Uint8Array, from: number): number {
  const near = Math.min(from + NEAR_BYTES, bytes.length);
  for (let pos = from; pos < near; pos++) {
    const byte = bytes[pos] as number;
    if (byte === QUOTE || byte === BACKSLASH || byte < 0x20) return pos;
  }
  return near === bytes.length ? near : farEnd(bytes, near);
}

/** Looks further ahead the longer it has gone well, so that what is copied in vain is never much. */
function farEnd(bytes: Uint8Array, from: number): number {
  const kernel = numberKernel();
  kernel.window = undefined;
  let pos = from;
  let look = FIRST_LOOK_BYTES;
  while (pos < bytes.length) {
    const to = Math.min(pos + look, bytes.length);
    kernel.text.set(bytes.subarray(pos, to));
    const plain = kernel.plainLength(to - pos);
    if (plain < to - pos) return pos + plain;
    pos = to;
    look = Math.min(look * 2, kernel.text.length);
  }
  return pos;
}
