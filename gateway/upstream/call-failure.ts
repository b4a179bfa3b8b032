import type { InferenceError } from "../../core/index.ts";

/**
 * How far a call came that failed on its way to an answer:
 * - `refused`: there was no connection, the worker never saw it;
 * - `dropped`: the connection ended before the answer, so it may have run;
 * - `unavailable`: the worker answered that it cannot now;
 * - `unloaded`: the worker answered that it no longer has the version, so it has not run.
 */
export type FailureKind = "refused" | "dropped" | "unavailable" | "unloaded";

/** The `cause` of an InferenceError whose call was given to an endpoint and may be given to another. */
export class CallFailure extends Error {
  override readonly name = "CallFailure";
  readonly kind: FailureKind;

  constructor(kind: FailureKind, details: string) {
    super(details);
    this.kind = kind;
  }
}

/** What is known about a failed call; undefined when it was not sent at all or was answered for good. */
export function failureOf(error: InferenceError): CallFailure | undefined {
  return error.cause instanceof CallFailure ? error.cause : undefined;
}
