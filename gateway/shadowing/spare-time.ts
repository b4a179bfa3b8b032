/** What one turn of the event loop gives at most, as callers wait for the rest of it. */
const TURN_MS = 2;

/** Work that nobody waits for: one thing after the other, each in steps, as many in a turn of the event loop as take little time. */
export class SpareTime {
  /** Each answers whether its work is done. */
  readonly #steps: (() => boolean)[] = [];
  #scheduled = false;

  /** Calls it in a later turn; settles as what it answers does. */
  call<T>(task: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#add(() => {
        resolve(task());
        return true;
      }, reject);
    });
  }

  /** Runs it to its end, in this turn's successors. */
  run<T>(work: Generator<void, T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#add(() => {
        const { done, value } = work.next();
        if (done !== true) return false;
        resolve(value);
        return true;
      }, reject);
    });
  }

  #add(step: () => boolean, failed: (thrown: unknown) => void): void {
    this.#steps.push(() => {
      try {
        return step();
      } catch (thrown) {
        failed(thrown);
        return true;
      }
    });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#spend();
    });
  }

  #spend(): void {
    const endMs = performance.now() + TURN_MS;
    for (let [step] = this.#steps; step !== undefined; [step] = this.#steps) {
      if (step()) this.#steps.shift();
      if (performance.now() < endMs) continue;
      if (this.#steps.length > 0) this.#schedule();
      return;
    }
  }
}
