import { type Client, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import {
  type CallSignal,
  type Deadline,
  InferenceError,
  NO_DEADLINE,
  type Origin,
  statusCodeName,
  timeLeftMs,
} from "../../core/index.ts";
import type { RawMethod } from "../../protos/index.ts";
import { CallFailure, type FailureKind } from "./call-failure.ts";

/** What ends a call before its answer. */
export interface CallLimits {
  readonly deadline: Deadline;
  /** Aborted when the client gives up. */
  readonly signal: CallSignal;
}

/** What TensorFlow says when a session run outlasts its timeout (`DirectSession::WaitForNotification`). */
const TIMED_OUT = "Timed out waiting for notification";

/** What grpc-js's server says when its own timer for the same deadline is the first to go off. */
const SERVERS_TIMER = "Deadline exceeded";

/** The trailer in which our workers name the origin of an error. */
const ORIGIN_KEY = "tensorgate-origin";

/** The trailer in which our workers tell a text that is too long for a status. */
const MESSAGE_KEY = "tensorgate-message-bin";

const NO_METADATA = new Metadata();

/**
 * One call to the worker behind `client`, message bytes in and out; deadline and cancel go on the wire. Fails with an
 * InferenceError: the worker's own code and message when it answered, CANCELLED when `limits.signal` was aborted,
 * DEADLINE_EXCEEDED past the deadline, else UNAVAILABLE. `worker` names it in messages.
 */
export function unaryCall(
  client: Client,
  method: RawMethod,
  message: Uint8Array,
  limits: CallLimits,
  worker: string,
): Promise<Buffer> {
  const { deadline, signal } = limits;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(givenUp());
    const options = deadline === NO_DEADLINE ? {} : { deadline: Date.now() + timeLeftMs(deadline) };
    let hasHeaders = false;
    const cancel = (): void => call.cancel();
    const call = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      asBuffer(message),
      NO_METADATA,
      options,
      (error, answer) => {
        signal.removeEventListener("abort", cancel);
        if (error === null) return answer === undefined ? reject(noAnswer(worker)) : resolve(answer);
        if (signal.aborted) return reject(givenUp());
        // The target is the peer as long as the call was not given to a connection.
        const sent = call.getPeer() !== client.getChannel().getTarget();
        reject(answered(error, hasHeaders) ? workerError(error, worker) : transportError(error, sent, worker));
      },
    );
    call.on("metadata", () => {
      hasHeaders = true;
    });
    signal.addEventListener("abort", cancel, { once: true });
  });
}

/**
 * Whether the status came from the worker's server rather than from grpc-js itself. Trailers carry at least a content
 * type when nothing went before them; behind headers they may be empty, and then only the codes that grpc-js makes of a
 * broken stream are doubtful.
 */
function answered(error: ServiceError, hasHeaders: boolean): boolean {
  if (error.code === status.DEADLINE_EXCEEDED && error.details === SERVERS_TIMER) return false;
  if (Object.keys(error.metadata.getMap()).length > 0) return true;
  return hasHeaders && !BROKEN_STREAM.has(error.code);
}

const BROKEN_STREAM: ReadonlySet<status> = new Set([
  status.UNAVAILABLE,
  status.INTERNAL,
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
]);

function workerError(error: ServiceError, worker: string): InferenceError {
  const code = statusCodeName(error.code);
  if (code === "OK") return noAnswer(worker);
  const origin = originOf(error.metadata);
  const kind = answerKind(code, error.details);
  const message = error.metadata.get(MESSAGE_KEY)[0]?.toString() ?? error.details;
  if (kind === undefined) return new InferenceError(code, message, { origin });
  return new InferenceError(code, message, {
    origin,
    retryable: true,
    cause: new CallFailure(kind, `${worker}: ${error.details}`),
  });
}

/** Every call runs a graph without side effects, so it may go elsewhere unless the graph itself has answered. */
function answerKind(code: string, details: string): FailureKind | undefined {
  if (code === "NOT_FOUND" && details.startsWith("Servable not found")) return "unloaded";
  return code === "UNAVAILABLE" ? "unavailable" : undefined;
}

function transportError(error: ServiceError, sent: boolean, worker: string): InferenceError {
  if (error.code === status.DEADLINE_EXCEEDED) {
    return new InferenceError("DEADLINE_EXCEEDED", TIMED_OUT, { cause: error });
  }
  const cause = new CallFailure(sent ? "dropped" : "refused", `${worker}: ${error.details}`);
  const sentence = sent ? "lost the connection before it answered" : "cannot be reached";
  return new InferenceError("UNAVAILABLE", `${worker} ${sentence}`, {
    origin: "worker",
    retryable: true,
    retryAfterMs: 1000,
    cause,
  });
}

function originOf(metadata: Metadata): Origin {
  const value = metadata.get(ORIGIN_KEY)[0];
  return value === "client" || value === "gateway" ? value : "worker";
}

function givenUp(): InferenceError {
  return new InferenceError("CANCELLED", "the client gave up");
}

function noAnswer(worker: string): InferenceError {
  return new InferenceError("INTERNAL", `${worker} ended the call without an answer`, { origin: "worker" });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
