import type { ErrorCode } from "../../core/index.ts";

/** The table of TensorFlow Serving's `util/net_http/server/public/response_code_enum.h` and its users, by canonical code. */
const HTTP_STATUS: Readonly<Record<ErrorCode, number>> = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

export const TOO_LARGE = 413;

export function httpStatus(code: ErrorCode): number {
  return HTTP_STATUS[code];
}
