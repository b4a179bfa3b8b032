import {
  type CallSignal,
  type Deadline,
  InferenceError,
  onDeadline,
  type StatusCode,
  timeLeftMs,
} from "../core/index.ts";
import type { CallLimits } from "./call.ts";

/** What TensorFlow says when a session run outlasts its timeout (`DirectSession::WaitForNotification`). */
const TIMED_OUT = "Timed out waiting for notification";

export function timedOut(): InferenceError {
  return new InferenceError("DEADLINE_EXCEEDED", TIMED_OUT);
}

/**
 * A client ends a call at its own deadline, which began to run out when it sent the call: by the way's time, and that of a busy
 * machine, before it has passed here.
 */
const TIMER_SLACK_MS = 50;

/** How a call has ended for its client: once that has gone or its deadline has passed, it knows no other end. */
export function endedWith(code: StatusCode, deadline: Deadline, signal: CallSignal): StatusCode {
  if (!signal.aborted) return code;
  return timeLeftMs(deadline) <= TIMER_SLACK_MS ? "DEADLINE_EXCEEDED" : "CANCELLED";
}

/** What comes of the promise; rejects as soon as the call has ended before that, and then its failure is nobody's. */
export function unlessEnded<T>(promise: Promise<T>, { deadline, signal }: CallLimits): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      promise.catch(() => {});
      return reject(givenUp());
    }
    const settled = (): void => {
      timer[Symbol.dispose]();
      signal.removeEventListener("abort", leave);
    };
    const leave = (): void => {
      settled();
      reject(givenUp());
    };
    const timer = onDeadline(deadline, () => {
      settled();
      reject(timedOut());
    });
    signal.addEventListener("abort", leave, { once: true });
    void promise.then(resolve, reject).finally(settled);
  });
}

export function givenUp(): InferenceError {
  return new InferenceError("CANCELLED", "the client gave up");
}
