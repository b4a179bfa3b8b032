/** Compressed or not, then the length as four bytes: what stands before each message (gRPC over HTTP/2, "Length-Prefixed-Message"). */
export const PREFIX_BYTES = 5;

/** Puts one message together from the pieces in which it comes; copied once, and not at all when it comes in one piece. */
export class MessageParts {
  #parts: Buffer[] = [];
  #bytes = 0;
  #wantedBytes = PREFIX_BYTES;

  /** Once the message is complete: its prefix, the message, and whatever has come behind it. */
  push(chunk: Buffer): Buffer | undefined {
    this.#parts.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#wantedBytes) return undefined;
    if (this.#wantedBytes === PREFIX_BYTES) this.#wantedBytes += this.#joined().readUInt32BE(1);
    return this.#bytes < this.#wantedBytes ? undefined : this.#joined();
  }

  #joined(): Buffer {
    const [first] = this.#parts;
    if (first !== undefined && this.#parts.length === 1) return first;
    const joined = Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [joined];
    return joined;
  }
}
