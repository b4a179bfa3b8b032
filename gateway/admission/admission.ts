import { InferenceError } from "../../core/index.ts";
import type { InferenceCall } from "../call.ts";

/** Lets calls in until the gateway drains, and counts them. */
export interface Admission {
  /** Calls let in and not yet ended. */
  readonly inFlight: number;
  readonly draining: boolean;
  /** Counts the call until the answer is disposed; UNAVAILABLE once draining. */
  admit(call: InferenceCall): Disposable;
  /** Lets nobody in any more. */
  drain(): void;
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>;
}

export function createAdmission(): Admission {
  let inFlight = 0;
  let draining = false;
  let waiting: (() => void)[] = [];

  const leave = (): void => {
    inFlight--;
    if (inFlight > 0) return;
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };

  return {
    get inFlight() {
      return inFlight;
    },
    get draining() {
      return draining;
    },
    admit() {
      if (draining) throw new InferenceError("UNAVAILABLE", "the server is shutting down", { retryAfterMs: 1000 });
      inFlight++;
      return new Admitted(leave);
    },
    drain() {
      draining = true;
    },
    idle: () => (inFlight === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

class Admitted implements Disposable {
  #leave: (() => void) | undefined;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  [Symbol.dispose](): void {
    this.#leave?.();
    this.#leave = undefined;
  }
}
