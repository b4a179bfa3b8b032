import type { RetryConfig } from "../../config/index.ts";
import { InferenceError, type ModelName, timeLeftMs } from "../../core/index.ts";
import type { Answer, InferenceCall } from "../call.ts";
import { type FailureKind, failureOf } from "./call-failure.ts";
import type { Changes } from "./changes.ts";
import type { RetryBudget } from "./retry-budget.ts";

export interface RetryOptions {
  /** Asked at each failure, so that a reload counts at once. */
  readonly config: () => RetryConfig;
  readonly budget: RetryBudget;
  /** Whether a call of this model may be sent again although it may have run. */
  readonly mayRunTwice: (model: ModelName) => boolean;
  /** Notified when an endpoint or a version comes or goes. */
  readonly changes: Changes;
  /** Whether an endpoint that is away may come back. */
  readonly mayRecover: () => boolean;
  /**
   * How long a call waits, within its deadline, for a pool that has just lost its last worker. Default 5 s: a worker takes
   * 2 to 4 s from its start to its first version.
   */
  readonly revivalWaitMs?: number;
}

export interface RetryBounds {
  /** Whether to wait for a worker where there is none at the moment. Default: true. */
  readonly mayWait?: boolean;
  /** Which models the call may come to. Default: the one that it names. */
  readonly models?: readonly ModelName[];
}

export type Retry = (call: InferenceCall, attempt: () => Promise<Answer>, bounds?: RetryBounds) => Promise<Answer>;

/**
 * Runs `attempt` again while that can help:
 * - nothing was sent, since no endpoint is there at this moment: waits for a change, at most `revivalWaitMs` in all;
 * - the connection failed: at once and outside of the budget, as that endpoint is out and the next is another one;
 * - the worker has just unloaded the version: at once and as often as it takes, as it is resolved anew without that worker;
 * - the worker answered UNAVAILABLE: at once, if the budget allows.
 * At most `attempts` times but for what was unloaded, never past the deadline or after the client gave up.
 */
export function createRetry(options: RetryOptions): Retry {
  const { config, budget, mayRunTwice, changes, mayRecover, revivalWaitMs = 5_000 } = options;

  const allows = (kind: Exclude<FailureKind, "unloaded">, models: readonly ModelName[]): boolean => {
    switch (kind) {
      case "refused":
        return true;
      case "dropped":
        return models.every(mayRunTwice);
      case "unavailable":
        return models.every(mayRunTwice) && budget.take();
    }
  };

  return async function retry(call, attempt, bounds) {
    budget.deposit();
    let resent = 0;
    let waitUntil: number | undefined;
    for (;;) {
      const seen = changes.count;
      try {
        return await attempt();
      } catch (thrown) {
        const error = InferenceError.from(thrown, "gateway");
        if (!error.retryable || call.signal.aborted || timeLeftMs(call.deadline) === 0) throw error;
        const failure = failureOf(error);
        const { mayWait = true, models = [call.spec.name] } = bounds ?? {};
        if (failure === undefined) {
          waitUntil ??= Math.min(call.deadline, performance.now() + revivalWaitMs);
          if (!mayWait || !mayRecover() || !(await changes.after(seen, waitUntil, call.signal))) throw error;
        } else if (failure.kind !== "unloaded" && (++resent > config().attempts || !allows(failure.kind, models))) {
          throw error;
        }
      }
    }
  };
}
