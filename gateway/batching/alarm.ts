import { Bag, type Bagged, type Deadline, NO_DEADLINE } from "../../core/index.ts";

export interface Expiring extends Bagged {
  readonly deadline: Deadline;
  expire(): void;
}

/** `setTimeout` turns a longer delay into 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * One timer for all that may expire. It goes off at the earliest deadline that it was told of, and then looks who is left:
 * calls that end long before their deadlines cost no timer each.
 */
export class Alarm {
  readonly #watched = new Bag<Expiring>();
  #timer: NodeJS.Timeout | undefined;
  #atMs: Deadline = NO_DEADLINE;

  watch(it: Expiring): void {
    if (it.deadline === NO_DEADLINE) return;
    this.#watched.add(it);
    if (it.deadline < this.#atMs) this.#set(it.deadline);
  }

  forget(it: Expiring): void {
    this.#watched.delete(it);
  }

  #set(atMs: Deadline): void {
    clearTimeout(this.#timer);
    this.#atMs = atMs;
    const delayMs = Math.max(0, Math.ceil(atMs - performance.now()));
    this.#timer = setTimeout(() => this.#ring(), Math.min(delayMs, MAX_TIMER_MS)).unref();
  }

  #ring(): void {
    const nowMs = performance.now();
    let nextMs = NO_DEADLINE;
    const expired: Expiring[] = [];
    for (const it of this.#watched.items()) {
      if (it.deadline > nowMs) nextMs = Math.min(nextMs, it.deadline);
      else expired.push(it);
    }
    this.#atMs = NO_DEADLINE;
    if (nextMs !== NO_DEADLINE) this.#set(nextMs);
    // One that expires may take others with it.
    for (const it of expired) if (this.#watched.delete(it)) it.expire();
  }
}
