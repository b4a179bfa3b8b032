import type { Bytes } from "../../core/index.ts";
import { FIXED32, LEN, VARINT } from "./reader.ts";
import { encodeUtf8 } from "./utf8.ts";

const TWO_32 = 2 ** 32;

/** Pieces from here on are worth to be kept as they are: a shorter one is copied sooner than kept track of. */
const KEPT_BYTES = 16_384;

/** A growing buffer that a message is written into from front to back. `finish` gives the bytes, as a view of it. */
export class WireWriter {
  bytes: Uint8Array;
  length = 0;
  readonly #pieces: Uint8Array[] = [];
  /** How much of the buffer is among the pieces. */
  #cutAt = 0;

  constructor(expectedBytes = 256) {
    // Of the pool where it is small, and never filled with zeros: all that is given out has been written.
    this.bytes = Buffer.allocUnsafe(expectedBytes);
  }

  /** Bytes that will not change, which are not copied where they are many; from then on only `finishPieces` gives the message. */
  keep(bytes: Uint8Array): void {
    if (bytes.length < KEPT_BYTES) return this.raw(bytes);
    this.#cut();
    this.#pieces.push(bytes);
  }

  finishPieces(): Bytes {
    if (this.#pieces.length === 0) return this.finish();
    this.#cut();
    return this.#pieces;
  }

  #cut(): void {
    if (this.length > this.#cutAt) this.#pieces.push(this.bytes.subarray(this.#cutAt, this.length));
    this.#cutAt = this.length;
  }

  finish(): Uint8Array {
    const { buffer, byteOffset } = this.bytes;
    return new Uint8Array(buffer, byteOffset, this.length);
  }

  /** Room for `count` more bytes: gives where they begin; they are the caller's to fill. */
  take(count: number): number {
    const from = this.length;
    const need = from + count;
    if (need > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(need, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, from));
      this.bytes = grown;
    }
    this.length = need;
    return from;
  }

  tag(field: number, type: number): void {
    this.varint(field * 8 + type);
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): void {
    this.varint64(value % TWO_32, Math.floor(value / TWO_32));
  }

  varint64(low: number, high: number): void {
    const at = this.take(varintSize(low, high));
    putVarint(this.bytes, at, low, high);
  }

  int64(value: bigint): void {
    this.varint64(Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn));
  }

  raw(bytes: Uint8Array): void {
    const at = this.take(bytes.length);
    this.bytes.set(bytes, at);
  }

  /** A bytes, string or message field that is there even when empty. */
  lengthDelimited(field: number, bytes: Uint8Array): void {
    this.tag(field, LEN);
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** A proto3 string: the empty one is not written. */
  string(field: number, text: string): void {
    if (text !== "") this.lengthDelimited(field, encodeUtf8(text));
  }

  /** A proto3 float: +0 is not written, -0 is. */
  float(field: number, value: number): void {
    if (Object.is(value, 0)) return;
    this.tag(field, FIXED32);
    const at = this.take(4);
    new DataView(this.bytes.buffer, this.bytes.byteOffset).setFloat32(at, value, true);
  }

  /** A proto3 number from 0 up: 0 is not written. */
  number(field: number, value: number): void {
    if (value === 0) return;
    this.tag(field, VARINT);
    this.varint(value);
  }

  /** A nested message, written by `body`; for the small ones, as the length is put in afterwards. */
  message(field: number, body: () => void): void {
    this.tag(field, LEN);
    const from = this.length;
    body();
    const size = this.length - from;
    const prefix = varintSize(size, 0);
    this.take(prefix);
    this.bytes.copyWithin(from + prefix, from, from + size);
    putVarint(this.bytes, from, size, 0);
  }
}

/** Bytes that a 64-bit varint takes, given as unsigned halves. */
export function varintSize(low: number, high: number): number {
  if (high === 0) {
    if (low < 0x80) return 1;
    if (low < 0x4000) return 2;
    if (low < 0x200000) return 3;
    return low < 0x10000000 ? 4 : 5;
  }
  if (high < 0x8) return 5;
  if (high < 0x400) return 6;
  if (high < 0x20000) return 7;
  if (high < 0x1000000) return 8;
  return high < 0x80000000 ? 9 : 10;
}

/** Writes a varint of unsigned halves at `at`; gives where it ends. There must be room. */
export function putVarint(bytes: Uint8Array, at: number, low: number, high: number): number {
  let l = low;
  let h = high;
  let to = at;
  while (h !== 0 || l >= 0x80) {
    bytes[to++] = (l & 0x7f) | 0x80;
    l = ((l >>> 7) | (h << 25)) >>> 0;
    h >>>= 7;
  }
  bytes[to++] = l;
  return to;
}

/** Tag, length and content of a bytes field together. */
export function fieldSize(contentBytes: number): number {
  return 1 + varintSize(contentBytes % TWO_32, Math.floor(contentBytes / TWO_32)) + contentBytes;
}
