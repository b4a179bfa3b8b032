/** Keeps retries to a part of the traffic, so that a sick pool is not drowned in them. */
export interface RetryBudget {
  /** Counts one call. */
  deposit(): void;
  /** Whether one more retry is within the budget; it is then counted. */
  take(): boolean;
}

const WINDOW_SECONDS = 10;

/**
 * A token budget over the last ten seconds, as Finagle has it (`com.twitter.finagle.service.RetryBudget`): a call earns
 * `percent()` / 100 of a retry, and `reservePerSecond` retries are free, for a gateway with little traffic.
 * `percent` is asked at each take, so that a reload counts at once.
 */
export function createRetryBudget(
  percent: () => number,
  reservePerSecond = 10,
  nowMs: () => number = () => performance.now(),
): RetryBudget {
  const calls = slidingCount();
  const retries = slidingCount();
  const second = (): number => Math.floor(nowMs() / 1000);
  return {
    deposit: () => calls.add(second()),
    take() {
      const now = second();
      const allowed = reservePerSecond * WINDOW_SECONDS + (calls.sum(now) * percent()) / 100;
      if (retries.sum(now) + 1 > allowed) return false;
      retries.add(now);
      return true;
    },
  };
}

interface SlidingCount {
  add(second: number): void;
  sum(second: number): number;
}

/** One slot a second; a slot that was filled a round ago counts as empty. */
function slidingCount(): SlidingCount {
  const slots = Array.from({ length: WINDOW_SECONDS }, () => ({ second: Number.NEGATIVE_INFINITY, count: 0 }));
  return {
    add(second) {
      const slot = slots[second % WINDOW_SECONDS];
      if (slot === undefined) return;
      if (slot.second !== second) {
        slot.second = second;
        slot.count = 0;
      }
      slot.count++;
    },
    sum(second) {
      let sum = 0;
      for (const slot of slots) if (slot.second > second - WINDOW_SECONDS) sum += slot.count;
      return sum;
    },
  };
}
