import type { Library, Pointer } from "./library.ts";

/*
 * A DT_STRING tensor is an array of 24-byte TF_TString, whose two lowest bits of the first byte tell its form
 * (`tensorflow/core/platform/ctstring_internal.h`, stable since TensorFlow 2.4):
 *
 *   SMALL  0   u8 size << 2, up to 22 bytes in place, 0
 *   LARGE  1   u64 size << 2, u64 capacity, pointer        owns heap memory
 *   OFFSET 2   u32 size << 2, u32 offset from this struct
 *   VIEW   3   u64 size << 2, pointer
 *
 * Feeds are written as SMALL and OFFSET, with all bytes behind the array in the tensor's own memory:
 *
 *   [ string 0 | string 1 | ... ][ bytes of the long ones ]
 *
 * So one allocation holds everything and goes when the last reference to the tensor goes, even one that the graph keeps (a
 * variable, a queue). LARGE strings would have to be freed by hand, at a time that only the graph knows.
 */
const STRING_BYTES = 24;
const SMALL_CAPACITY = 22;
const LARGE = 1;
const OFFSET = 2;
const VIEW = 3;
/** An OFFSET string has 30 bits for its size and 32 for its distance. */
const MAX_STRING_BYTES = 2 ** 30 - 1;
const MAX_TENSOR_BYTES = 2 ** 32 - 1;

/** Bytes that the tensor of these values takes, or undefined when they are more than TensorFlow's strings can address. */
export function packedStringBytes(values: readonly Uint8Array[]): number | undefined {
  let total = values.length * STRING_BYTES;
  for (const value of values) {
    if (value.length > MAX_STRING_BYTES) return undefined;
    if (value.length > SMALL_CAPACITY) total += value.length;
  }
  return total > MAX_TENSOR_BYTES ? undefined : total;
}

/** The strings as a tensor's memory, `bytes` long as {@link packedStringBytes} said. */
export function packStrings(values: readonly Uint8Array[], bytes: number): Uint8Array {
  const packed = Buffer.alloc(bytes);
  let at = 0;
  let end = values.length * STRING_BYTES;
  for (const value of values) {
    if (value.length <= SMALL_CAPACITY) {
      packed[at] = value.length << 2;
      packed.set(value, at + 1);
    } else {
      packed.writeUInt32LE(((value.length << 2) | OFFSET) >>> 0, at);
      packed.writeUInt32LE(end - at, at + 4);
      packed.set(value, end);
      end += value.length;
    }
    at += STRING_BYTES;
  }
  return packed;
}

/** Copies `count` strings out of a tensor's memory. */
export function readStrings(library: Library, data: Pointer, count: number): Uint8Array[] {
  const table = Buffer.allocUnsafe(count * STRING_BYTES);
  library.memcpy(table, data, table.length);
  const values: Uint8Array[] = [];
  for (let at = 0; at < table.length; at += STRING_BYTES) values.push(readString(library, data, table, at));
  return values;
}

function readString(library: Library, data: Pointer, table: Buffer, at: number): Uint8Array {
  const form = table.readUInt8(at) & 3;
  switch (form) {
    case LARGE:
    case VIEW: {
      const size = Number(table.readBigUInt64LE(at) >> 2n);
      return copy(library, table.readBigUInt64LE(at + (form === LARGE ? 16 : 8)), size);
    }
    case OFFSET:
      return copy(library, data + BigInt(at + table.readUInt32LE(at + 4)), table.readUInt32LE(at) >>> 2);
    default:
      return table.subarray(at + 1, at + 1 + (table.readUInt8(at) >>> 2));
  }
}

function copy(library: Library, from: Pointer, bytes: number): Uint8Array {
  const into = Buffer.allocUnsafe(bytes);
  if (bytes > 0) library.memcpy(into, from, bytes);
  return into;
}
