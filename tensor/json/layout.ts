import type { ByteBuffer } from "./byte-buffer.ts";

/** Spaces for each level, as RapidJSON's pretty writer has it. */
const INDENT = 4;

export function newLine(out: ByteBuffer, depth: number): void {
  const spaces = depth * INDENT;
  out.reserve(spaces + 1);
  out.bytes[out.length++] = 0x0a;
  out.bytes.fill(0x20, out.length, out.length + spaces);
  out.length += spaces;
}

/**
 * Before an element of a list whose contents stand `depth` deep: on the same line after a comma and a blank, or on a line
 * of its own.
 */
export function beforeElement(out: ByteBuffer, index: number, depth: number, oneLine: boolean): void {
  if (index > 0) out.byte(0x2c);
  if (!oneLine) newLine(out, depth);
  else if (index > 0) out.byte(0x20);
}
