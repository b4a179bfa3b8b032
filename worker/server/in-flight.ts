/** Counts the calls that are being answered, so that an end can wait for them. */
export class InFlight {
  #count = 0;
  readonly #whenIdle = new Set<() => void>();

  /** The same for all calls: there is nothing to tell them apart by. */
  readonly #entered: Disposable = {
    [Symbol.dispose]: () => {
      this.#count--;
      if (this.#count > 0) return;
      for (const resolve of this.#whenIdle) resolve();
      this.#whenIdle.clear();
    },
  };

  get count(): number {
    return this.#count;
  }

  /** One call more, until it is disposed: once, as `using` does. */
  enter(): Disposable {
    this.#count++;
    return this.#entered;
  }

  /** Resolves when no call is being answered. */
  async idle(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#whenIdle.add(resolve));
  }
}
