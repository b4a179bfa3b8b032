import { InferenceError } from "../core/index.ts";

/** What TensorFlow says when a session run outlasts its timeout (`DirectSession::WaitForNotification`). */
const TIMED_OUT = "Timed out waiting for notification";

export function timedOut(): InferenceError {
  return new InferenceError("DEADLINE_EXCEEDED", TIMED_OUT);
}

export function givenUp(): InferenceError {
  return new InferenceError("CANCELLED", "the client gave up");
}
