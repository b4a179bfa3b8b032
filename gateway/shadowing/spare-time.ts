/** What one turn of the event loop gives at most, as callers wait for the rest of it. */
const TURN_MS = 2;

/** Work that nobody waits for: one thing after the other, as many in a turn of the event loop as take little time. */
export class SpareTime {
  readonly #tasks: (() => void)[] = [];
  #isScheduled = false;

  /** Calls it in a later turn; settles as what it answers does. */
  call<T>(task: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#tasks.push(() => {
        try {
          resolve(task());
        } catch (thrown) {
          reject(thrown);
        }
      });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const endMs = performance.now() + TURN_MS;
      for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) {
        task();
        if (performance.now() >= endMs) break;
      }
      if (this.#tasks.length > 0) this.#schedule();
    });
  }
}
