import type { Outbox } from "./outbox.ts";
import type { SendQueue } from "./send-queue.ts";

/** As Envoy has it for a stream on which nothing moves. */
const LIMIT_MS = 300_000;

/** Notices an end that takes nothing of what waits for it: the socket is full, or no window is open. */
export class StallWatch implements Disposable {
  readonly #outbox: Outbox;
  readonly #sending: SendQueue;
  readonly #onStall: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(outbox: Outbox, sending: SendQueue, onStall: () => void) {
    this.#outbox = outbox;
    this.#sending = sending;
    this.#onStall = onStall;
  }

  /** Something waits. */
  watch(): void {
    if (this.#timer !== undefined) return;
    const [left, earned] = [this.#outbox.leftBytes, this.#sending.earned];
    const look = (): void => {
      this.#timer = undefined;
      const full = this.#outbox.full;
      if (!full && this.#sending.queuedBytes === 0) return;
      if (full ? this.#outbox.leftBytes === left : this.#sending.earned === earned) this.#onStall();
      else this.watch();
    };
    this.#timer = setTimeout(look, LIMIT_MS).unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
