/** As nghttp2 has it, against clients that open streams only to reset them. */
const BURST = 1000;
const PER_SECOND = 33;

/** How many resets a client may send: a bucket that fills again slowly. */
export class ResetBudget {
  #left = BURST;
  #filledMs = 0;

  /** Counts one more; false once there are too many. */
  take(): boolean {
    const nowMs = performance.now();
    if (this.#left < BURST) this.#left = Math.min(BURST, this.#left + ((nowMs - this.#filledMs) * PER_SECOND) / 1000);
    this.#filledMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
