import { Bag, type Bagged } from "./bag.ts";

export interface Expiring extends Bagged {
  /** On the clock of `performance.now()`; not `Infinity`. */
  readonly deadline: number;
  expire(): void;
}

/** `setTimeout` turns a longer delay into 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * One timer for all that may expire. It goes off at the earliest deadline that it was told of, and then looks who is left:
 * calls that end long before their deadlines cost no timer each. It keeps no process alive.
 */
export class Alarm {
  readonly #watched = new Bag<Expiring>();
  #timer: NodeJS.Timeout | undefined;
  #atMs = Number.POSITIVE_INFINITY;

  watch(it: Expiring): void {
    this.#watched.add(it);
    if (it.deadline < this.#atMs) this.#set(it.deadline);
  }

  forget(it: Expiring): void {
    this.#watched.delete(it);
  }

  #set(atMs: number): void {
    clearTimeout(this.#timer);
    this.#atMs = atMs;
    const delayMs = Math.max(0, Math.ceil(atMs - performance.now()));
    this.#timer = setTimeout(() => this.#ring(), Math.min(delayMs, MAX_TIMER_MS)).unref();
  }

  #ring(): void {
    const nowMs = performance.now();
    let nextMs = Number.POSITIVE_INFINITY;
    const expired: Expiring[] = [];
    for (const it of this.#watched.items()) {
      if (it.deadline > nowMs) nextMs = Math.min(nextMs, it.deadline);
      else expired.push(it);
    }
    this.#atMs = Number.POSITIVE_INFINITY;
    if (nextMs !== this.#atMs) this.#set(nextMs);
    // One that expires may take others with it.
    for (const it of expired) {
      if (it.bagIndex < 0) continue;
      this.#watched.delete(it);
      it.expire();
    }
  }
}
