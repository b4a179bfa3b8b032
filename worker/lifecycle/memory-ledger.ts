import { InferenceError } from "../../core/index.ts";

/** Keeps account of the memory that loaded models are estimated to take, against the worker's budget. */
export class MemoryLedger {
  readonly budgetBytes: number;
  readonly #onFreed: () => void;
  #usedBytes = 0;

  /** `budgetBytes` undefined: not bounded. `onFreed` is called after every release. */
  constructor(budgetBytes: number | undefined, onFreed: () => void) {
    this.budgetBytes = budgetBytes ?? Number.POSITIVE_INFINITY;
    this.#onFreed = onFreed;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  fits(bytes: number): boolean {
    return bytes <= this.budgetBytes - this.#usedBytes;
  }

  /** Throws RESOURCE_EXHAUSTED, with the figures, when `bytes` do not fit. Disposing the reservation gives them back. */
  reserve(bytes: number, what: string): Disposable {
    if (!this.fits(bytes)) {
      const freeBytes = this.budgetBytes - this.#usedBytes;
      const message = `${what} needs about ${megabytes(bytes)} of memory, but ${megabytes(Math.max(0, freeBytes))} of this worker's budget of ${megabytes(this.budgetBytes)} are free`;
      throw new InferenceError("RESOURCE_EXHAUSTED", message, { origin: "worker" });
    }
    this.#usedBytes += bytes;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#usedBytes -= bytes;
        this.#onFreed();
      },
    };
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
