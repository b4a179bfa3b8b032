import type { Bytes } from "../core/index.ts";
import { NEW_ROOMS, type Rooms } from "./rooms.ts";

/** The length-prefixed message of gRPC over HTTP/2: a byte that tells compression, four of length, the bytes. */
export const PREFIX_BYTES = 5;

const NOTHING = Buffer.alloc(0);

export function messagePrefix(bytes: number): Buffer {
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  prefix[0] = 0;
  prefix.writeUInt32BE(bytes, 1);
  return prefix;
}

/** What has come of one stream's only message. A long one is in several pieces, so that it is copied once, whatever its length. */
export class MessageReader {
  readonly #maxBytes: number;
  readonly #rooms: Rooms;
  /** What has come of the prefix, while that is not all of it. */
  #prefix: Buffer = NOTHING;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  /** The last of the pieces, and how far it is filled. */
  #room: Buffer = NOTHING;
  #roomAt = 0;
  /** Of the message; undefined before its prefix is there. */
  size: number | undefined;

  /** `maxBytes`: -1 for any length. */
  constructor(maxBytes: number, rooms: Rooms = NEW_ROOMS) {
    this.#maxBytes = maxBytes;
    this.#rooms = rooms;
  }

  /** Takes more of the stream; says what is wrong with it. */
  add(bytes: Buffer): "too long" | "more than one" | "compressed" | undefined {
    if (this.size !== undefined) return this.#add(bytes, this.size);
    const head = this.#prefix.length === 0 ? bytes : Buffer.concat([this.#prefix, bytes]);
    if (head.length < PREFIX_BYTES) {
      this.#prefix = Buffer.from(head);
      return undefined;
    }
    this.size = head.readUInt32BE(1);
    if (head[0] !== 0) return "compressed";
    if (this.#maxBytes !== -1 && this.size > this.#maxBytes) return "too long";
    return this.#add(bytes.subarray(PREFIX_BYTES - this.#prefix.length), this.size);
  }

  /** The message; undefined when not all of it is there. */
  take(): Bytes | undefined {
    if (this.size === undefined || this.#bytes < this.size) return undefined;
    const last = this.#roomAt === this.#room.length ? this.#room : this.#room.subarray(0, this.#roomAt);
    return this.#pieces.length > 1 ? [...this.#pieces.slice(0, -1), last] : last;
  }

  /** Gives the memory back, of which the message is a view. */
  release(): void {
    for (const room of this.#pieces) this.#rooms.giveBack(room);
    this.#pieces.length = 0;
    this.#room = NOTHING;
    this.#roomAt = 0;
  }

  #add(bytes: Buffer, size: number): "more than one" | undefined {
    if (this.#bytes + bytes.length > size) return "more than one";
    for (let from = 0; from < bytes.length; ) {
      if (this.#roomAt === this.#room.length) this.#grow(size);
      const copied = bytes.copy(this.#room, this.#roomAt, from);
      this.#roomAt += copied;
      this.#bytes += copied;
      from += copied;
    }
    return undefined;
  }

  #grow(size: number): void {
    this.#room = this.#rooms.take(size - this.#bytes, this.#bytes);
    this.#roomAt = 0;
    this.#pieces.push(this.#room);
  }
}
