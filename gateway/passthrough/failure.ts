import { type ErrorCode, InferenceError } from "../../core/index.ts";

/**
 * Why the gateway answers itself:
 * - `unreachable`, `no connection` (in time): the upstream has got nothing of the request;
 * - `dropped`: the connection ended before the answer, so the upstream may have acted on it;
 * - `silent`: nothing came for longer than the entry's timeout;
 * - `too long`: the whole of it has taken more than the entry's longest time;
 * - `held back`: every endpoint has failed too often of late;
 * - `busy`, `draining`, `too large`, `method`, `path`, `not passed on`: the request was not let in;
 * - `left`: the client has gone.
 */
export type FailureKind =
  | "unreachable"
  | "no connection"
  | "dropped"
  | "silent"
  | "too long"
  | "held back"
  | "busy"
  | "draining"
  | "too large"
  | "method"
  | "path"
  | "not passed on"
  | "left";

interface Rule {
  readonly status: number;
  readonly code: ErrorCode;
  readonly origin: "client" | "gateway" | "worker";
  readonly retryAfterMs?: number;
}

const RULES: Readonly<Record<FailureKind, Rule>> = {
  unreachable: { status: 502, code: "UNAVAILABLE", origin: "worker" },
  "no connection": { status: 504, code: "DEADLINE_EXCEEDED", origin: "worker" },
  dropped: { status: 502, code: "UNAVAILABLE", origin: "worker" },
  silent: { status: 504, code: "DEADLINE_EXCEEDED", origin: "worker" },
  "too long": { status: 504, code: "DEADLINE_EXCEEDED", origin: "worker" },
  "held back": { status: 503, code: "UNAVAILABLE", origin: "worker", retryAfterMs: 1000 },
  busy: { status: 503, code: "UNAVAILABLE", origin: "gateway", retryAfterMs: 1000 },
  draining: { status: 503, code: "UNAVAILABLE", origin: "gateway", retryAfterMs: 1000 },
  "too large": { status: 413, code: "RESOURCE_EXHAUSTED", origin: "client" },
  method: { status: 405, code: "UNIMPLEMENTED", origin: "client" },
  path: { status: 400, code: "INVALID_ARGUMENT", origin: "client" },
  "not passed on": { status: 501, code: "UNIMPLEMENTED", origin: "client" },
  left: { status: 499, code: "CANCELLED", origin: "client" },
};

/** The `cause` of an InferenceError of this folder. */
class PassFailure extends Error {
  override readonly name = "PassFailure";
  readonly kind: FailureKind;

  constructor(kind: FailureKind, cause: unknown) {
    super(kind, { cause });
    this.kind = kind;
  }
}

/** `retryable`: the same request may be sent again, elsewhere or over another connection. */
export function passError(
  kind: FailureKind,
  message: string,
  { cause, retryable = false }: { readonly cause?: unknown; readonly retryable?: boolean } = {},
): InferenceError {
  const { status: _, code, ...options } = RULES[kind];
  return new InferenceError(code, message, { ...options, retryable, cause: new PassFailure(kind, cause) });
}

/** Undefined for an error from elsewhere. */
export function failureKind(error: unknown): FailureKind | undefined {
  return error instanceof InferenceError && error.cause instanceof PassFailure ? error.cause.kind : undefined;
}

/** The HTTP status of an error of this folder. */
export function failureStatus(error: unknown): number | undefined {
  const kind = failureKind(error);
  return kind && RULES[kind].status;
}
