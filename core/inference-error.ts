import type { ErrorCode } from "./status-code.ts";

/** Who is to blame: the breaker counts only `worker`, the log names it. */
export type Origin = "client" | "gateway" | "worker";

export interface InferenceErrorOptions {
  /** Default: `client` for INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED and CANCELLED, else `gateway`. */
  readonly origin?: Origin;
  /** Whether the same call may be sent again elsewhere; known where it is known what reached the worker. Default false. */
  readonly retryable?: boolean;
  /** What a client may wait before it asks again, in milliseconds (`Retry-After` over REST). */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

const CLIENT_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "FAILED_PRECONDITION",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "CANCELLED",
]);

/**
 * The one error of a request: made where the fact is known, turned into a status only at an edge (`gateway/rest`,
 * `gateway/grpc`, `worker/server`). `message` is fit for the client; what is not goes to `cause` and the log.
 */
export class InferenceError extends Error {
  override readonly name = "InferenceError";
  readonly code: ErrorCode;
  readonly origin: Origin;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: InferenceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.origin = options.origin ?? (CLIENT_CODES.has(code) ? "client" : "gateway");
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** An unexpected throw becomes INTERNAL with a fixed text: its own words may hold what a client must not see. */
  static from(thrown: unknown, origin: Origin): InferenceError {
    if (thrown instanceof InferenceError) return thrown;
    return new InferenceError("INTERNAL", `internal error in the ${origin}`, { origin, cause: thrown });
  }
}
