import type { AnswerContent, CallBody } from "../call.ts";

/** A JSON request and the way back to a JSON answer. */
export interface JsonCall extends CallBody {
  /** The answer as JSON, in the form of the request that `messageFor` made last. Throws INVALID_ARGUMENT when there is none. */
  answerOf(content: AnswerContent): Uint8Array;
  /** What was thrown on the way to the answer, with what was expected behind it where that is known. */
  explain(thrown: unknown): unknown;
}
