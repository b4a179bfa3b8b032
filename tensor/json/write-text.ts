import type { ByteBuffer } from "./byte-buffer.ts";

/** What stands after the backslash; 0 = nothing, 0x75 = a `\u` escape. */
const ESCAPES = new Uint8Array(256);
ESCAPES.fill(0x75, 0, 0x20);
for (const [byte, letter] of [
  [0x22, '"'],
  [0x5c, "\\"],
  [0x08, "b"],
  [0x0c, "f"],
  [0x0a, "n"],
  [0x0d, "r"],
  [0x09, "t"],
] as const) {
  ESCAPES[byte] = letter.charCodeAt(0);
}

const HEX = new TextEncoder().encode("0123456789ABCDEF");

/**
 * Writes bytes as a JSON string. Only quote, backslash and control characters are escaped; anything else, `/` and bytes
 * that are no UTF-8 too, goes out as it is, as TensorFlow Serving has it.
 */
export function writeText(out: ByteBuffer, text: Uint8Array): void {
  out.reserve(text.length + 2);
  out.bytes[out.length++] = 0x22;
  let copied = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i] as number;
    const letter = ESCAPES[byte] as number;
    if (letter === 0) continue;
    out.raw(text.subarray(copied, i));
    out.reserve(6);
    out.bytes[out.length++] = 0x5c;
    out.bytes[out.length++] = letter;
    if (letter === 0x75) {
      out.ascii("00");
      out.byte(HEX[byte >> 4] as number);
      out.byte(HEX[byte & 15] as number);
    }
    copied = i + 1;
  }
  out.raw(copied === 0 ? text : text.subarray(copied));
  out.byte(0x22);
}
