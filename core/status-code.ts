/** The canonical codes of gRPC (`google.rpc.Code`), by name; the numbers are those on the wire. */
export const STATUS_CODES = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type StatusCode = keyof typeof STATUS_CODES;
/** A code that an error can have. */
export type ErrorCode = Exclude<StatusCode, "OK">;

const NAMES = Object.keys(STATUS_CODES) as StatusCode[];

/** The name of a numeric code; UNKNOWN for a number that is none. */
export function statusCodeName(code: number): StatusCode {
  return NAMES[code] ?? "UNKNOWN";
}
