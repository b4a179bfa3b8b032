import { type Deadline, deadlineIn, NO_DEADLINE } from "../../core/index.ts";

/** From here on: how long the body took to come does not count, as in TensorFlow Serving. Nothing or less is no limit. */
export function deadlineOf(timeoutMs: number): Deadline {
  return timeoutMs > 0 ? deadlineIn(timeoutMs) : NO_DEADLINE;
}
