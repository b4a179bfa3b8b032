/** One part holds at most this much of a body whose length is not known before its end. */
const MAX_PART_BYTES = 4 * 2 ** 20;
const MIN_PART_BYTES = 64 * 2 ** 10;

/**
 * The bytes of a body as they come, copied into memory of its own: one part of the exact size where the length is known, else
 * a few that never move, so that a long body is neither copied again while it grows nor held twice. A body of one chunk stays
 * that chunk.
 */
export class BodyParts {
  length = 0;
  readonly #expectedBytes: number | undefined;
  #parts: Buffer[] = [];
  /** Bytes in the last part; the others are full. */
  #used = 0;
  #isOwn = false;

  constructor(expectedBytes?: number) {
    this.#expectedBytes = expectedBytes;
  }

  add(chunk: Buffer): void {
    if (this.length === 0) this.#parts = [chunk];
    else {
      if (!this.#isOwn) this.#takeOver();
      this.#put(chunk);
    }
    this.length += chunk.length;
  }

  /** Parts in order; none for an empty body. A single one below 64 KiB may be a view of memory that others use. */
  finish(): readonly Buffer[] {
    const last = this.#parts.at(-1);
    if (last === undefined || !this.#isOwn) return this.length === 0 ? [] : this.#parts;
    return [...this.#parts.slice(0, -1), last.subarray(0, this.#used)];
  }

  /** The first chunk is a view of what the socket or inflating has read into; from the second on it is copied. */
  #takeOver(): void {
    const [first] = this.#parts as [Buffer];
    this.#parts = [];
    this.#isOwn = true;
    this.#open(this.#expectedBytes ?? MIN_PART_BYTES);
    this.#put(first);
  }

  #put(chunk: Buffer): void {
    let from = 0;
    while (from < chunk.length) {
      const part = this.#parts.at(-1) as Buffer;
      if (this.#used === part.length) {
        this.#open(Math.min(Math.max(this.length, MIN_PART_BYTES), MAX_PART_BYTES));
        continue;
      }
      const copied = chunk.copy(part, this.#used, from);
      this.#used += copied;
      from += copied;
    }
  }

  #open(bytes: number): void {
    // Not of the pool: it may be given away to a thread. What is not written yet takes no memory.
    this.#parts.push(Buffer.allocUnsafeSlow(bytes));
    this.#used = 0;
  }
}
