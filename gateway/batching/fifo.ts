/** First in, first out, in a ring that doubles when it is full: nothing is moved when something is taken. */
export class Fifo<T> {
  #slots: (T | undefined)[] = Array.from({ length: 16 });
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The next to be taken. */
  peek(): T | undefined {
    return this.#slots[this.#head];
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length++;
  }

  shift(): T | undefined {
    const item = this.#slots[this.#head];
    if (this.#length === 0) return undefined;
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length--;
    return item;
  }

  clear(): void {
    while (this.#length > 0) this.shift();
  }

  #grow(): void {
    const items = [...this.#slots.slice(this.#head), ...this.#slots.slice(0, this.#head)];
    this.#slots = [...items, ...Array.from<undefined>({ length: items.length })];
    this.#head = 0;
  }
}
