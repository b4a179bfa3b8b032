import { InferenceError, type Origin, type StatusCode } from "../../core/index.ts";
import { CallFailure, type FailureKind } from "./call-failure.ts";

/** What TensorFlow says when a session run outlasts its timeout (`DirectSession::WaitForNotification`). */
const TIMED_OUT = "Timed out waiting for notification";

/** What grpc-js's server says when its own timer for the same deadline is the first to go off. */
export const SERVERS_TIMER = "Deadline exceeded";

/** The trailer in which our workers name the origin of an error. */
export const ORIGIN_KEY = "tensorgate-origin";

/** The trailer in which our workers tell a text that is too long for a status. */
export const MESSAGE_KEY = "tensorgate-message-bin";

/** What a worker has answered instead of a message. */
export interface WorkerStatus {
  readonly code: StatusCode;
  readonly details: string;
  /** Of the trailers. */
  readonly origin: string | undefined;
  /** The whole text, where `details` was cut. */
  readonly message: string | undefined;
}

/** `worker` names it in messages. */
export function workerError(
  { code, details, origin, message = details }: WorkerStatus,
  worker: string,
): InferenceError {
  if (code === "OK") return noAnswer(worker);
  const kind = answerKind(code, details);
  if (kind === undefined) return new InferenceError(code, message, { origin: originOf(origin) });
  return new InferenceError(code, message, {
    origin: originOf(origin),
    retryable: true,
    cause: new CallFailure(kind, `${worker}: ${details}`),
  });
}

/** Every call runs a graph without side effects, so it may go elsewhere unless the graph itself has answered. */
function answerKind(code: string, details: string): FailureKind | undefined {
  if (code === "NOT_FOUND" && details.startsWith("Servable not found")) return "unloaded";
  return code === "UNAVAILABLE" ? "unavailable" : undefined;
}

/** `kind`: whether the worker may have seen the call. */
export function connectionError(kind: "refused" | "dropped", details: string, worker: string): InferenceError {
  const sentence = kind === "dropped" ? "lost the connection before it answered" : "cannot be reached";
  return new InferenceError("UNAVAILABLE", `${worker} ${sentence}`, {
    origin: "worker",
    retryable: true,
    retryAfterMs: 1000,
    cause: new CallFailure(kind, `${worker}: ${details}`),
  });
}

function originOf(value: string | undefined): Origin {
  return value === "client" || value === "gateway" ? value : "worker";
}

export function timedOut(cause?: unknown): InferenceError {
  return new InferenceError("DEADLINE_EXCEEDED", TIMED_OUT, cause === undefined ? {} : { cause });
}

export function givenUp(): InferenceError {
  return new InferenceError("CANCELLED", "the client gave up");
}

export function noAnswer(worker: string): InferenceError {
  return new InferenceError("INTERNAL", `${worker} ended the call without an answer`, { origin: "worker" });
}
