import { InferenceError, type Logger } from "../../core/index.ts";
import { errorAnswer, type RestAnswer } from "./answer.ts";
import { BodyRefused } from "./body-refused.ts";

/** An answer, and what became of the request's body. */
export interface Reaction {
  readonly answer: RestAnswer;
  readonly receivedBytes: number;
  /** The client may still be sending. */
  readonly unread: boolean;
  readonly error?: InferenceError;
}

/** Whatever was thrown as an answer; what was not expected is logged, and its words stay here. */
export function failure(log: Logger, thrown: unknown): { readonly answer: RestAnswer; readonly error: InferenceError } {
  const error = InferenceError.from(thrown, "gateway");
  if (error !== thrown) log.error({ err: thrown }, "unexpected error");
  return { answer: errorAnswer(error, error instanceof BodyRefused ? error.status : undefined), error };
}
