/** The length-prefixed message of gRPC over HTTP/2: a byte that tells compression, four of length, the bytes. */
export const PREFIX_BYTES = 5;

export function messagePrefix(bytes: number): Buffer {
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  prefix[0] = 0;
  prefix.writeUInt32BE(bytes, 1);
  return prefix;
}

/** What has come of one stream's only message. */
export class MessageReader {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  /** Of the message; undefined before its prefix is there. */
  size: number | undefined;

  /** `maxBytes`: -1 for any length. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes more of the stream; says what is wrong with it. */
  add(bytes: Buffer): "too long" | "more than one" | "compressed" | undefined {
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    if (this.size === undefined) {
      if (this.#bytes < PREFIX_BYTES) return undefined;
      const head = this.#joined();
      this.size = head.readUInt32BE(1);
      if (head[0] !== 0) return "compressed";
      if (this.#maxBytes !== -1 && this.size > this.#maxBytes) return "too long";
    }
    return this.#bytes > this.size + PREFIX_BYTES ? "more than one" : undefined;
  }

  /** The message, a view where it came in one piece; undefined when not all of it is there. */
  take(): Buffer | undefined {
    if (this.size === undefined || this.#bytes < this.size + PREFIX_BYTES) return undefined;
    const whole = this.#joined();
    this.#parts = [];
    return whole.subarray(PREFIX_BYTES);
  }

  #joined(): Buffer {
    const [first] = this.#parts;
    if (this.#parts.length === 1 && first !== undefined) return first;
    const whole = Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [whole];
    return whole;
  }
}
