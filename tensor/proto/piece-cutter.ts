import { type Bytes, piecesOf } from "../../core/index.ts";

/** Makes another message of one, from front to back: what stays of it is not copied, but given as views of where it lies. */
export class PieceCutter {
  readonly #from: readonly Uint8Array[];
  readonly #made: Uint8Array[] = [];
  /** The next byte of the old message: which piece it is in, and where there; and where in the message that piece begins. */
  #index = 0;
  #base = 0;
  #at = 0;

  constructor(bytes: Bytes) {
    this.#from = piecesOf(bytes);
  }

  /** Keeps what is before a position of the old message. */
  keepTo(position: number): void {
    this.#stepTo(position, true);
  }

  /** Leaves it out. */
  dropTo(position: number): void {
    this.#stepTo(position, false);
  }

  put(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#made.push(bytes);
  }

  /** The new message, with all that has not been left out. */
  finish(): readonly Uint8Array[] {
    this.keepTo(Number.POSITIVE_INFINITY);
    return this.#made;
  }

  #stepTo(position: number, keep: boolean): void {
    for (;;) {
      const piece = this.#from[this.#index];
      if (piece === undefined) return;
      const to = Math.min(piece.length, position - this.#base);
      if (keep && to > this.#at) this.put(this.#at === 0 && to === piece.length ? piece : piece.subarray(this.#at, to));
      this.#at = Math.max(this.#at, to);
      if (this.#at < piece.length) return;
      this.#base += piece.length;
      this.#index++;
      this.#at = 0;
    }
  }
}
