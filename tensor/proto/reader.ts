import type { Bytes } from "../../core/index.ts";
import { malformed } from "./malformed.ts";
import { decodeUtf8 } from "./utf8.ts";

export const VARINT = 0;
export const FIXED64 = 1;
export const LEN = 2;
const START_GROUP = 3;
const END_GROUP = 4;
export const FIXED32 = 5;

/** What protobuf's own parsers allow for messages nested in one another. */
const MAX_GROUP_DEPTH = 100;
const TWO_32 = 2 ** 32;

/**
 * A cursor over one protobuf message. `next` steps to a field, then exactly one of the reading methods, or `skip`, takes
 * its value. Byte values come as views. Anything malformed throws INVALID_ARGUMENT; nothing is read past `end`.
 */
export class WireReader {
  readonly bytes: Uint8Array;
  pos: number;
  readonly end: number;
  /** Number and wire type of the field that `next` stepped to, and where its tag begins. */
  field = 0;
  type = 0;
  start = 0;
  /** Halves of the last 64-bit varint, unsigned. */
  low = 0;
  high = 0;

  constructor(bytes: Uint8Array, pos = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.pos = pos;
    this.end = end;
  }

  /** False at the end of the message. */
  next(): boolean {
    if (this.pos >= this.end) return false;
    this.start = this.pos;
    const tag = this.tag();
    this.field = tag >>> 3;
    this.type = tag & 7;
    if (this.field === 0) throw malformed("a field has the number 0");
    if (this.type > FIXED32) throw malformed(`wire type ${this.type} does not exist`);
    return true;
  }

  /** Whether the current field has this number and wire type; a known number with another type counts as unknown. */
  is(field: number, type: number): boolean {
    return this.field === field && this.type === type;
  }

  private tag(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    this.pos--;
    const from = this.pos;
    this.varint();
    if (this.high !== 0 || this.pos - from > 5) throw malformed("a field number is too big");
    return this.low;
  }

  private byte(): number {
    if (this.pos >= this.end) throw malformed("truncated");
    return this.bytes[this.pos++] as number;
  }

  /** Reads a varint of up to ten bytes into `low` and `high`; bits beyond the 64th are dropped. */
  varint(): void {
    let low = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.byte();
      const bits = byte & 0x7f;
      if (i < 4) low |= bits << (7 * i);
      else if (i === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (7 * i - 32);
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw malformed("a varint is longer than ten bytes");
  }

  /** An int32, also from the ten bytes that a negative one takes. */
  int32(): number {
    this.varint();
    return this.low | 0;
  }

  bool(): boolean {
    this.varint();
    return (this.low | this.high) !== 0;
  }

  int64(): bigint {
    this.varint();
    return (BigInt(this.high | 0) << 32n) | BigInt(this.low);
  }

  /** An int64 as a number: exact up to 2^53, beyond that nearly. */
  int64Number(): number {
    this.varint();
    return (this.high | 0) * TWO_32 + this.low;
  }

  float(): number {
    if (this.end - this.pos < 4) throw malformed("truncated");
    const value = viewOf(this.bytes).getFloat32(this.pos, true);
    this.pos += 4;
    return value;
  }

  /** A length-delimited value as a view of the message. */
  view(): Uint8Array {
    const length = this.length();
    const from = this.pos;
    this.pos = from + length;
    return this.bytes.subarray(from, this.pos);
  }

  /** A nested message: a reader over it; this one steps behind it. */
  message(): WireReader {
    const length = this.length();
    const from = this.pos;
    this.pos = from + length;
    return new WireReader(this.bytes, from, this.pos);
  }

  string(): string {
    return decodeUtf8(this.view());
  }

  /** As a message in pieces is read (`PieceReader`): a value as it lies, a nested message as it lies, all that is left, and the same once more. */
  parts(): Bytes {
    return this.view();
  }

  part(): WireReader {
    return this.message();
  }

  rest(): Uint8Array {
    return this.bytes.subarray(this.pos, this.end);
  }

  fork(): WireReader {
    return new WireReader(this.bytes, this.pos, this.end);
  }

  /** Of the length-delimited value that follows. */
  length(): number {
    this.varint();
    if (this.high !== 0 || this.low > this.end - this.pos) throw malformed("truncated");
    return this.low;
  }

  skip(): void {
    skipField(this);
  }
}

/** What skipping takes, whether or not the message is in one piece. */
type Skipping = Pick<WireReader, "next" | "field" | "type" | "varint" | "length" | "pos" | "end">;

/** Steps behind the value, or the group, that the reader has stepped to. */
export function skipField(reader: Skipping): void {
  if (reader.type !== START_GROUP) return skipScalar(reader);
  const open = [reader.field];
  while (open.length > 0) {
    if (!reader.next()) throw malformed("a group is not closed");
    if (reader.type === START_GROUP) {
      if (open.length >= MAX_GROUP_DEPTH) throw malformed("groups are nested too deeply");
      open.push(reader.field);
    } else if (reader.type === END_GROUP) {
      if (open.pop() !== reader.field) throw malformed("a group is closed by another's end");
    } else skipScalar(reader);
  }
}

/** A value of any type but a group. */
function skipScalar(reader: Skipping): void {
  switch (reader.type) {
    case VARINT:
      return reader.varint();
    case FIXED64:
      return advance(reader, 8);
    case LEN:
      return advance(reader, reader.length());
    case FIXED32:
      return advance(reader, 4);
    default:
      throw malformed("a group ends that was not opened");
  }
}

function advance(reader: Skipping, count: number): void {
  if (count > reader.end - reader.pos) throw malformed("truncated");
  reader.pos += count;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
