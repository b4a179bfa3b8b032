import { InferenceError } from "../../core/index.ts";

/** How the message of {@link malformed} begins. */
export const MALFORMED = "malformed protobuf message: ";

/** Bytes that are no message of the wanted kind; whoever sent them is to blame, so INVALID_ARGUMENT. */
export function malformed(reason: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", MALFORMED + reason);
}

/** Runs a decoder of a worker's answer: what it refuses there is the worker's fault, never the client's. */
export function answerOf<T>(decode: () => T): T {
  try {
    return decode();
  } catch (thrown) {
    if (!(thrown instanceof InferenceError)) throw thrown;
    throw new InferenceError("INTERNAL", `the answer cannot be read: ${thrown.message}`, {
      origin: "worker",
      cause: thrown,
    });
  }
}
