import type { Bytes } from "../core/index.ts";

/** The length-prefixed message of gRPC over HTTP/2: a byte that tells compression, four of length, the bytes. */
export const PREFIX_BYTES = 5;

/** A message up to this length is put together: for a short one a copy is cheaper than a list. */
const JOINED_BYTES = 65_536;

/** A piece from here on is kept as it came, where that keeps not much else. */
const VIEW_BYTES = 4096;

/** Pieces keep no more memory than twice what they hold, and this. */
const FOREIGN_BYTES = 2 ** 18;

/** Taken at once for what is put together. More only as it comes: a length costs nothing to say. */
const FIRST_ROOM_BYTES = 65_536;
const MAX_ROOM_BYTES = 2 ** 20;

const NOTHING = Buffer.alloc(0);

export function messagePrefix(bytes: number): Buffer {
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  prefix[0] = 0;
  prefix.writeUInt32BE(bytes, 1);
  return prefix;
}

/**
 * What has come of one stream's only message. Of a long one the pieces are kept as they came, so that nobody copies what is
 * only passed on; but for those that are small parts of large memory, or so many that keeping count of them takes more than
 * they hold: these are put together where they stay.
 */
export class MessageReader {
  readonly #maxBytes: number;
  /** What has come of the prefix, while that is not all of it. */
  #prefix: Buffer = NOTHING;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  /** All the memory that the pieces are parts of. */
  #keptBytes = 0;
  #lastKept: ArrayBufferLike | undefined;
  /** Where the next small piece is copied to, and how much of it, up to there, is not among the pieces yet. */
  #room: Buffer = NOTHING;
  #roomAt = 0;
  #unsealed = 0;
  /** Of the message; undefined before its prefix is there. */
  size: number | undefined;

  /** `maxBytes`: -1 for any length. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
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

  /** The message, views where they could be kept; undefined when not all of it is there. */
  take(): Bytes | undefined {
    if (this.size === undefined || this.#bytes < this.size) return undefined;
    this.#seal();
    return this.#pieces.length > 1 ? this.#pieces : (this.#pieces[0] ?? NOTHING);
  }

  #add(bytes: Buffer, size: number): "more than one" | undefined {
    if (bytes.length === 0) return undefined;
    const isAll = this.#bytes === 0 && bytes.length === size;
    this.#bytes += bytes.length;
    if (this.#bytes > size) return "more than one";
    if (isAll || (size > JOINED_BYTES && bytes.length >= VIEW_BYTES && this.#mayKeep(bytes))) {
      this.#seal();
      this.#pieces.push(bytes);
    } else this.#copy(bytes, size);
    return undefined;
  }

  #mayKeep({ buffer }: Buffer): boolean {
    if (buffer === this.#lastKept) return true;
    const kept = this.#keptBytes + buffer.byteLength;
    if (kept > this.#bytes * 2 + FOREIGN_BYTES) return false;
    this.#keptBytes = kept;
    this.#lastKept = buffer;
    return true;
  }

  #copy(bytes: Buffer, size: number): void {
    for (let from = 0; from < bytes.length; ) {
      if (this.#roomAt === this.#room.length) {
        this.#seal();
        const missing = size - (this.#bytes - bytes.length + from);
        const room = Math.min(MAX_ROOM_BYTES, Math.max(FIRST_ROOM_BYTES, this.#bytes));
        this.#room = Buffer.allocUnsafe(Math.min(missing, room));
        this.#keptBytes += this.#room.length;
        this.#roomAt = 0;
      }
      const copied = bytes.copy(this.#room, this.#roomAt, from);
      this.#roomAt += copied;
      this.#unsealed += copied;
      from += copied;
    }
  }

  /** Makes a piece of what has been copied. */
  #seal(): void {
    if (this.#unsealed === 0) return;
    this.#pieces.push(this.#room.subarray(this.#roomAt - this.#unsealed, this.#roomAt));
    this.#unsealed = 0;
  }
}
