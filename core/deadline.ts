/** An absolute point on the monotonic clock, in milliseconds of `performance.now()`; `Infinity` = none. */
export type Deadline = number;

export const NO_DEADLINE: Deadline = Number.POSITIVE_INFINITY;

/** `setTimeout` turns a longer delay into 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function deadlineIn(ms: number, nowMs: number = performance.now()): Deadline {
  return nowMs + ms;
}

/** Milliseconds left, never negative; `Infinity` when there is no deadline. */
export function timeLeftMs(deadline: Deadline, nowMs: number = performance.now()): number {
  return Math.max(0, deadline - nowMs);
}

/** Calls back once the deadline has passed; disposing it clears the timer. Nothing is set up for no deadline. */
export function onDeadline(deadline: Deadline, callback: () => void): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    const leftMs = timeLeftMs(deadline);
    timer = setTimeout(() => (leftMs > MAX_TIMER_MS ? arm() : callback()), Math.min(leftMs, MAX_TIMER_MS));
  };
  if (deadline !== NO_DEADLINE) arm();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
