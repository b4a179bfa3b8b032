import type { InferenceError, Logger } from "../../core/index.ts";

/** A request that another HTTP server was to answer, at its end. */
export interface HttpAccess {
  /** `POST /sklearn/predict`. */
  readonly request: string;
  /** Of the entry of `http:`. */
  readonly name: string;
  /** Undefined without a split, and where none was found. */
  readonly arm: string | undefined;
  /** Where it went last; undefined: nowhere. */
  readonly upstream: string | undefined;
  /** That the client got; 499: it had left. */
  readonly status: number;
  readonly seconds: number;
  /** Of the bodies. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The client's address. */
  readonly client: string;
  /** Of a known client. */
  readonly clientName: string | undefined;
  readonly error?: InferenceError | undefined;
}

/** One line a request at level info, beside those of the access log. */
export function createHttpAccessLog(log: Logger): (access: HttpAccess) => void {
  return ({ seconds, error, ...facts }) => {
    if (!log.isLevelEnabled("info")) return;
    const failure = error === undefined ? {} : { origin: error.origin, error: error.message };
    log.info({ protocol: "http", ...facts, durationMs: Math.round(seconds * 1e6) / 1e3, ...failure }, "access");
  };
}
