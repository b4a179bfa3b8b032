import type { Stream } from "./stream.ts";

const FIRST_SLOTS = 16;

/**
 * The open streams by number: open addressing, at most half full. A `Map` would make itself a new table every few streams,
 * and what such tables keep alive is told at `Bag`.
 */
export class StreamTable {
  #slots: (Stream | undefined)[] = Array.from({ length: FIRST_SLOTS });
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Stream | undefined {
    return this.#slots[this.#find(id)];
  }

  add(stream: Stream): void {
    if (2 * this.#size >= this.#slots.length) this.#grow();
    const at = this.#find(stream.id);
    if (this.#slots[at] === undefined) this.#size++;
    this.#slots[at] = stream;
  }

  /** Whether it was in. */
  delete(id: number): boolean {
    let hole = this.#find(id);
    if (this.#slots[hole] === undefined) return false;
    this.#size--;
    this.#slots[hole] = undefined;
    // Whoever had to go on from its own slot, over this one, comes back.
    for (let at = this.#after(hole); ; at = this.#after(at)) {
      const stream = this.#slots[at];
      if (stream === undefined) return true;
      const home = this.#home(stream.id);
      const isBetween = hole < at ? hole < home && home <= at : hole < home || home <= at;
      if (isBetween) continue;
      this.#slots[hole] = stream;
      this.#slots[at] = undefined;
      hole = at;
    }
  }

  /** All that are in at this moment. */
  items(): Stream[] {
    return this.#slots.filter((stream) => stream !== undefined);
  }

  /** Where the stream is, or the free slot where it would be. */
  #find(id: number): number {
    let at = this.#home(id);
    for (let stream = this.#slots[at]; stream !== undefined && stream.id !== id; stream = this.#slots[at]) {
      at = this.#after(at);
    }
    return at;
  }

  /** A client's numbers are odd and follow one another. */
  #home(id: number): number {
    return (id >>> 1) & (this.#slots.length - 1);
  }

  #after(at: number): number {
    return (at + 1) & (this.#slots.length - 1);
  }

  #grow(): void {
    const streams = this.items();
    this.#slots = Array.from({ length: 2 * this.#slots.length });
    this.#size = 0;
    for (const stream of streams) this.add(stream);
  }
}
