import { ErrorCode, Http2Error } from "./error.ts";

/** As nghttp2 has it, against clients that open streams only to reset them. */
const RESETS = 1000;
const RESETS_PER_SECOND = 33;

/** Frames that carry nothing of a call. Those that a client has a reason for are earned by calls, whose bytes they acknowledge and measure. */
const CHORES = 2000;
const CHORES_PER_SECOND = 100;
const MAX_EARNED = 100_000;

/** What a frame of a call earns, and how many of its bytes earn one chore more. */
export const FRAME_EARNS = 10;
export const BYTES_PER_CHORE = 1024;

/** Ends a client that keeps a connection busy with frames that cost it nothing. */
export class FloodGuard {
  readonly #resets = new Bucket(RESETS, RESETS_PER_SECOND);
  readonly #chores = new Bucket(CHORES, CHORES_PER_SECOND);
  #earned = 0;
  #earnedOut = 0;

  /** A stream has ended before its time, by a reset of the client or by a mistake of its that leaves nothing but one. Throws Http2Error. */
  reset(): void {
    if (!this.#resets.take()) throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "too many streams are reset");
  }

  /** A frame of a call has come. */
  earn(): void {
    if (this.#earned < MAX_EARNED) this.#earned += FRAME_EARNS;
  }

  /** A frame that carries nothing of one. `earnedOut`: by all that has been sent. Throws Http2Error. */
  chore(earnedOut: number): void {
    this.#earned = Math.min(MAX_EARNED, this.#earned + earnedOut - this.#earnedOut);
    this.#earnedOut = earnedOut;
    if (this.#earned >= 1) this.#earned--;
    else if (!this.#chores.take()) throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "too many frames without a use");
  }
}

/** What may be taken out at once, and fills again slowly. */
class Bucket {
  readonly #size: number;
  readonly #perSecond: number;
  #left: number;
  #filledMs = 0;

  constructor(size: number, perSecond: number) {
    this.#size = size;
    this.#perSecond = perSecond;
    this.#left = size;
  }

  take(): boolean {
    const nowMs = performance.now();
    this.#left = Math.min(this.#size, this.#left + ((nowMs - this.#filledMs) * this.#perSecond) / 1000);
    this.#filledMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
