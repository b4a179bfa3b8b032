import type { ErrorCode } from "../../core/index.ts";
import { InferenceError, type InferenceErrorOptions } from "../../core/index.ts";

/** What a thread answers. */
export type Reply =
  | { readonly is: "done"; readonly result: unknown }
  | {
      readonly is: "refused";
      readonly code: ErrorCode;
      readonly message: string;
      readonly options: InferenceErrorOptions;
    }
  /** Something that was not expected, as it was thrown. */
  | { readonly is: "broken"; readonly thrown: unknown };

/** An error's prototype does not pass between threads, so an InferenceError travels as its fields. */
export function failureReply(thrown: unknown): Reply {
  if (!(thrown instanceof InferenceError)) return { is: "broken", thrown };
  const { code, message, origin, retryable, retryAfterMs } = thrown;
  const options = { origin, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return { is: "refused", code, message, options };
}

/** The result, or what was thrown. */
export function resultOf(reply: Reply): unknown {
  switch (reply.is) {
    case "done":
      return reply.result;
    case "refused":
      throw new InferenceError(reply.code, reply.message, reply.options);
    case "broken":
      throw reply.thrown;
  }
}
