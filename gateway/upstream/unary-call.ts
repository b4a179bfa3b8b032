import { type Client, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import {
  type Bytes,
  type CallSignal,
  type Deadline,
  type InferenceError,
  joinedBuffer,
  NO_DEADLINE,
  statusCodeName,
  timeLeftMs,
} from "../../core/index.ts";
import type { RawMethod } from "../../protos/index.ts";
import {
  connectionError,
  givenUp,
  MESSAGE_KEY,
  noAnswer,
  ORIGIN_KEY,
  SERVERS_TIMER,
  timedOut,
  type WorkerStatus,
  workerError,
} from "./call-error.ts";

/** What ends a call before its answer. */
export interface CallLimits {
  readonly deadline: Deadline;
  /** Aborted when the client gives up. */
  readonly signal: CallSignal;
}

const NO_METADATA = new Metadata();

/**
 * One call to the worker behind `client`, message bytes in and out; deadline and cancel go on the wire. Fails with an
 * InferenceError: the worker's own code and message when it answered, CANCELLED when `limits.signal` was aborted,
 * DEADLINE_EXCEEDED past the deadline, else UNAVAILABLE. `worker` names it in messages.
 */
export function unaryCall(
  client: Client,
  method: RawMethod,
  message: Bytes,
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
      joinedBuffer(message),
      NO_METADATA,
      options,
      (error, answer) => {
        signal.removeEventListener("abort", cancel);
        if (error === null) return answer === undefined ? reject(noAnswer(worker)) : resolve(answer);
        if (signal.aborted) return reject(givenUp());
        // The target is the peer as long as the call was not given to a connection.
        const sent = call.getPeer() !== client.getChannel().getTarget();
        reject(
          answered(error, hasHeaders) ? workerError(statusOf(error), worker) : transportError(error, sent, worker),
        );
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

function statusOf({ code, details, metadata }: ServiceError): WorkerStatus {
  return {
    code: statusCodeName(code),
    details,
    origin: metadata.get(ORIGIN_KEY)[0]?.toString(),
    message: metadata.get(MESSAGE_KEY)[0]?.toString(),
  };
}

function transportError(error: ServiceError, sent: boolean, worker: string): InferenceError {
  if (error.code === status.DEADLINE_EXCEEDED) return timedOut(error);
  return connectionError(sent ? "dropped" : "refused", error.details, worker);
}
