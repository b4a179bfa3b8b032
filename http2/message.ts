/** The length-prefixed message of gRPC over HTTP/2: a byte that tells compression, four of length, the bytes. */
export const PREFIX_BYTES = 5;

/** Taken for a message at once, where it says that it is so long. What is longer gets more only as it comes: a length costs nothing to say. */
const FIRST_BYTES = 2 ** 20;

export function messagePrefix(bytes: number): Buffer {
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  prefix[0] = 0;
  prefix.writeUInt32BE(bytes, 1);
  return prefix;
}

/**
 * What has come of one stream's only message. One that comes in pieces is put together where it stays: nothing is kept of the
 * pieces, which may be small parts of large memory, or so many that keeping count of them takes more than they hold.
 */
export class MessageReader {
  readonly #maxBytes: number;
  /** With the prefix; the first piece itself until there is another. */
  #held: Buffer | undefined;
  #bytes = 0;
  /** Of the message; undefined before its prefix is there. */
  size: number | undefined;

  /** `maxBytes`: -1 for any length. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes more of the stream; says what is wrong with it. */
  add(bytes: Buffer): "too long" | "more than one" | "compressed" | undefined {
    if (bytes.length === 0) return undefined;
    const from = this.#bytes;
    this.#bytes += bytes.length;
    if (this.size !== undefined && this.#bytes > this.size + PREFIX_BYTES) return "more than one";
    if (this.#held === undefined) this.#held = bytes;
    else {
      this.#widen(from);
      this.#held.set(bytes, from);
    }
    if (this.size !== undefined || this.#bytes < PREFIX_BYTES) return undefined;
    this.size = this.#held.readUInt32BE(1);
    if (this.#held[0] !== 0) return "compressed";
    if (this.#maxBytes !== -1 && this.size > this.#maxBytes) return "too long";
    return this.#bytes > this.size + PREFIX_BYTES ? "more than one" : undefined;
  }

  /** The message, a view where it came in one piece; undefined when not all of it is there. */
  take(): Buffer | undefined {
    if (this.size === undefined || this.#bytes < this.size + PREFIX_BYTES) return undefined;
    const whole = this.#held as Buffer;
    this.#held = undefined;
    return whole.subarray(PREFIX_BYTES, PREFIX_BYTES + this.size);
  }

  /** Makes room for all that has come, of which so many bytes are held. */
  #widen(heldBytes: number): void {
    const held = this.#held as Buffer;
    // Of the prefix alone nothing tells yet how much will come; a piece that was given is not written to.
    const whole = this.size === undefined ? this.#bytes : this.size + PREFIX_BYTES;
    if (held.length >= this.#bytes && heldBytes < held.length) return;
    const room = Math.min(whole, Math.max(FIRST_BYTES, this.#bytes * 4));
    const wider = Buffer.allocUnsafe(room);
    held.copy(wider, 0, 0, heldBytes);
    this.#held = wider;
  }
}
