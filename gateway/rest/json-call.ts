import type { CompatibilityConfig } from "../../config/index.ts";
import type { AnswerContent, CallBody, CallLimits } from "../call.ts";
import type { JsonThreads } from "../threads/index.ts";

/** What the making of a call needs besides the request. */
export interface JsonCallParts {
  readonly compatibility: CompatibilityConfig;
  readonly threads: JsonThreads;
}

/** A JSON request and the way back to a JSON answer. */
export interface JsonCall extends CallBody {
  /**
   * The answer as JSON, in the form of the request that was made last; its content is used up. Throws INVALID_ARGUMENT when there
   * is none. A promise where it is long and so written in a thread.
   */
  answerOf(content: AnswerContent, limits: CallLimits): Uint8Array | Promise<Uint8Array>;
  /** What was thrown on the way to the answer, with what was expected behind it where that is known. */
  explain(thrown: unknown): unknown;
}
