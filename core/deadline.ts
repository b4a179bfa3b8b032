import { Alarm, type Expiring } from "./alarm.ts";

/** An absolute point on the monotonic clock, in milliseconds of `performance.now()`; `Infinity` = none. */
export type Deadline = number;

export const NO_DEADLINE: Deadline = Number.POSITIVE_INFINITY;

export function deadlineIn(ms: number, nowMs: number = performance.now()): Deadline {
  return nowMs + ms;
}

/** Milliseconds left, never negative; `Infinity` when there is no deadline. */
export function timeLeftMs(deadline: Deadline, nowMs: number = performance.now()): number {
  return Math.max(0, deadline - nowMs);
}

const alarm = new Alarm();

class Expiry implements Expiring, Disposable {
  readonly deadline: Deadline;
  readonly expire: () => void;
  bagIndex = -1;

  constructor(deadline: Deadline, expire: () => void) {
    this.deadline = deadline;
    this.expire = expire;
  }

  [Symbol.dispose](): void {
    alarm.forget(this);
  }
}

const NEVER: Disposable = { [Symbol.dispose]() {} };

/** Calls back once the deadline has passed, unless it is disposed before. Doesn't keep the process alive. */
export function onDeadline(deadline: Deadline, callback: () => void): Disposable {
  if (deadline === NO_DEADLINE) return NEVER;
  const expiry = new Expiry(deadline, callback);
  alarm.watch(expiry);
  return expiry;
}
