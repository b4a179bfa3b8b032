/** What a {@link Bag} holds. One bag at a time. */
export interface Bagged {
  /** Where it lies in its bag, which alone changes it; -1 outside. */
  bagIndex: number;
}

/**
 * A set for what comes and goes with every call. A `Set` would make itself a new table every few calls, and each table points
 * to the one that took its place: once one of them has got old in a quiet moment, V8's quick collections keep all that came
 * after it, and what was in them, until the next full one.
 */
export class Bag<T extends Bagged> {
  readonly #items: T[] = [];

  add(item: T): void {
    if (item.bagIndex >= 0) return;
    item.bagIndex = this.#items.length;
    this.#items.push(item);
  }

  /** Whether it was in. */
  delete(item: T): boolean {
    const { bagIndex } = item;
    if (bagIndex < 0) return false;
    const last = this.#items.pop() as T;
    if (last !== item) {
      this.#items[bagIndex] = last;
      last.bagIndex = bagIndex;
    }
    item.bagIndex = -1;
    return true;
  }

  /** All that are in at this moment, in no order. */
  items(): T[] {
    return [...this.#items];
  }
}
