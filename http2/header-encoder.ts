import type { Fields } from "./header-decoder.ts";
import { STATIC_TABLE } from "./static-table.ts";

const EXACT = new Map<string, number>();
const NAMED = new Map<string, number>();
for (let at = 0; at < STATIC_TABLE.length; at += 2) {
  const [name, value] = [STATIC_TABLE[at] as string, STATIC_TABLE[at + 1] as string];
  EXACT.set(`${name}\0${value}`, at / 2 + 1);
  if (!NAMED.has(name)) NAMED.set(name, at / 2 + 1);
}

/**
 * A header block that refers to the static table only: it can be made once and sent on any connection, and a connection
 * that hands on the blocks of another one can mix them with its own. A character is a byte.
 */
export function encodeFields(fields: Fields): Buffer {
  let bytes = 0;
  for (const text of fields) bytes += text.length + 6;
  const block = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [fields[i] as string, fields[i + 1] as string];
    const exact = EXACT.get(`${name}\0${value}`);
    if (exact !== undefined) {
      at = putInteger(block, at, 0x80, 7, exact);
      continue;
    }
    const index = NAMED.get(name) ?? 0;
    // Literal without indexing.
    at = putInteger(block, at, 0, 4, index);
    if (index === 0) at = putString(block, at, name);
    at = putString(block, at, value);
  }
  return block.subarray(0, at);
}

function putString(block: Buffer, at: number, text: string): number {
  const from = putInteger(block, at, 0, 7, text.length);
  return from + block.write(text, from, "latin1");
}

function putInteger(block: Buffer, at: number, flags: number, prefixBits: number, value: number): number {
  const mask = (1 << prefixBits) - 1;
  if (value < mask) {
    block[at] = flags | value;
    return at + 1;
  }
  block[at] = flags | mask;
  let rest = value - mask;
  let to = at + 1;
  for (; rest >= 0x80; rest >>>= 7) block[to++] = (rest & 0x7f) | 0x80;
  block[to++] = rest;
  return to;
}
