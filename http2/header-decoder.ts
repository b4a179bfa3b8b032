import { ErrorCode, Http2Error } from "./error.ts";
import { decodeHuffman } from "./huffman.ts";
import { STATIC_TABLE } from "./static-table.ts";

/** Names and values in turn, as they were sent: `[":path", "/a", "te", "trailers"]`. A character is a byte. */
export type Fields = readonly string[];

/** What a decoder's table may hold unless it has said otherwise, and what an entry counts besides its text. */
const TABLE_BYTES = 4096;
const ENTRY_BYTES = 32;

/** As Node's HTTP/2 has it: more header fields than this are nobody's request. */
const MAX_FIELDS = 128;
export const MAX_LIST_BYTES: number = 65_536;

/** Text that no field may hold: what would end a line elsewhere. A name is never empty, and in lower case. */
const BAD_VALUE = /[\0\r\n]/;
const BAD_NAME = /^$|[^!-~]|[A-Z]/;

/** HPACK (RFC 7541) from its wire form; one for all header blocks of a connection, in their order. */
export class HeaderDecoder {
  /** Newest first: names and values in turn. */
  readonly #table: string[] = [];
  #tableBytes = 0;
  #maxBytes = TABLE_BYTES;
  #block: Uint8Array = new Uint8Array(0);
  #pos = 0;

  /**
   * The fields of one block; `undefined` when they are too many, too long or hold what no field may: the table is as it should be
   * even so. Throws COMPRESSION_ERROR when the block itself is broken.
   */
  decode(block: Uint8Array): Fields | undefined {
    this.#block = block;
    this.#pos = 0;
    const fields: string[] = [];
    let bytes = 0;
    let good = true;
    while (this.#pos < block.length) {
      const first = block[this.#pos] as number;
      if (first >= 0x20 && first < 0x40) {
        if (fields.length > 0) throw broken("a table size comes behind a field");
        this.#resize(this.#integer(5));
        continue;
      }
      let name: string;
      let value: string;
      if (first >= 0x80) {
        const index = this.#integer(7);
        name = this.#name(index);
        value = this.#value(index);
      } else {
        const indexed = first >= 0x40;
        const index = this.#integer(indexed ? 6 : 4);
        name = index === 0 ? this.#string() : this.#name(index);
        value = this.#string();
        if ((index === 0 && BAD_NAME.test(name)) || BAD_VALUE.test(value)) good = false;
        if (indexed) this.#add(name, value);
      }
      bytes += name.length + value.length + ENTRY_BYTES;
      if (bytes > MAX_LIST_BYTES || fields.length >= MAX_FIELDS * 2) good = false;
      if (good) fields.push(name, value);
    }
    return good ? fields : undefined;
  }

  #name(index: number): string {
    return this.#at(index, 0);
  }

  #value(index: number): string {
    return this.#at(index, 1);
  }

  #at(index: number, part: 0 | 1): string {
    const at = (index - 1) * 2 + part;
    const text = at < STATIC_TABLE.length ? STATIC_TABLE[at] : this.#table[at - STATIC_TABLE.length];
    if (text === undefined) throw broken(`there is no field ${index}`);
    return text;
  }

  #add(name: string, value: string): void {
    this.#table.unshift(name, value);
    this.#tableBytes += name.length + value.length + ENTRY_BYTES;
    this.#evict();
  }

  #evict(): void {
    while (this.#tableBytes > this.#maxBytes) {
      const value = this.#table.pop() as string;
      const name = this.#table.pop() as string;
      this.#tableBytes -= name.length + value.length + ENTRY_BYTES;
    }
  }

  #resize(bytes: number): void {
    if (bytes > TABLE_BYTES) throw broken("a table is bigger than allowed");
    this.#maxBytes = bytes;
    this.#evict();
  }

  #string(): string {
    const block = this.#block;
    const coded = (block[this.#pos] as number) >= 0x80;
    const length = this.#integer(7);
    const from = this.#pos;
    const to = from + length;
    if (to > block.length) throw broken("a string is cut off");
    this.#pos = to;
    if (coded) return decodeHuffman(block, from, to);
    return latin1(block, from, to);
  }

  /** With a prefix of so many bits. */
  #integer(prefixBits: number): number {
    const block = this.#block;
    if (this.#pos >= block.length) throw broken("a number is cut off");
    const mask = (1 << prefixBits) - 1;
    let value = (block[this.#pos++] as number) & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#pos >= block.length) throw broken("a number is cut off");
      const byte = block[this.#pos++] as number;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw broken("a number is too big");
  }
}

/** For the few bytes of a header quicker than a call into Node's C++. */
function latin1(bytes: Uint8Array, from: number, to: number): string {
  if (to - from > 64) {
    return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
  }
  let text = "";
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}

function broken(message: string): Http2Error {
  return new Http2Error(ErrorCode.COMPRESSION_ERROR, message);
}
