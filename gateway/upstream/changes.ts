import { type CallSignal, type Deadline, onDeadline } from "../../core/index.ts";

/** Wakes those who wait for something to change. Nothing is lost between looking and waiting: `count` tells. */
export interface Changes {
  /** How often `notify` was called. */
  readonly count: number;
  notify(): void;
  /** Called at each `notify`, for good. */
  subscribe(listener: () => void): void;
  /** True once `count` is above `seen`; false when `until` has passed or `signal` was aborted before that. */
  after(seen: number, until: Deadline, signal: CallSignal): Promise<boolean>;
}

export function createChanges(): Changes {
  const waiting = new Set<() => void>();
  const listeners: (() => void)[] = [];
  let count = 0;
  return {
    get count() {
      return count;
    },
    notify() {
      count++;
      const woken = [...waiting];
      waiting.clear();
      for (const wake of woken) wake();
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => void listeners.push(listener),
    async after(seen, until, signal) {
      if (count > seen) return true;
      if (signal.aborted) return false;
      await new Promise<void>((resolve) => {
        const timer = onDeadline(until, stop);
        function stop(): void {
          waiting.delete(stop);
          signal.removeEventListener("abort", stop);
          timer[Symbol.dispose]();
          resolve();
        }
        waiting.add(stop);
        signal.addEventListener("abort", stop, { once: true });
      });
      return count > seen;
    },
  };
}
