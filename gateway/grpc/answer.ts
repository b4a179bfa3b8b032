import type { handleUnaryCall, ServerUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import {
  CallController,
  type CallSignal,
  type Deadline,
  InferenceError,
  type Logger,
  type StatusCode,
  timeLeftMs,
} from "../../core/index.ts";
import type { InFlight } from "../in-flight.ts";
import type { Observation, ObservedMethod, Observer } from "../observe/index.ts";
import { deadlineOf, headerOf } from "./parse.ts";
import { errorToStatus } from "./status.ts";

/** What a handler is told besides the request. */
export interface CallContext {
  readonly observation: Observation;
  readonly header: (name: string) => string | undefined;
  readonly deadline: Deadline;
  readonly signal: CallSignal;
}

export interface AnswerParts {
  readonly observer: Observer;
  readonly log: Logger;
  readonly inFlight: InFlight;
}

/**
 * A client ends a call at its own deadline, which began to run out when it sent the call: by the way's time, and that of a busy
 * machine, before it has passed here.
 */
const TIMER_SLACK_MS = 50;

/**
 * A unary method from a function that answers or throws. Whatever is thrown becomes a status; the request is counted once,
 * before its answer leaves.
 */
export function unary<Request, Response>(
  { observer, log, inFlight }: AnswerParts,
  method: ObservedMethod,
  sizeOf: (message: Request | Response) => number,
  answer: (request: Request, context: CallContext) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  const respond = async (
    call: ServerUnaryCall<Request, Response>,
    callback: sendUnaryData<Response>,
    gaveUp: CallSignal,
  ): Promise<void> => {
    const deadline = deadlineOf(call);
    const bytesIn = sizeOf(call.request);
    const observation = observer.start({ protocol: "grpc", method, request: call.getPath(), client: call.getPeer() });
    // Once the client has gone or its deadline has passed, grpc-js has answered already.
    const codeOf = (code: StatusCode): StatusCode => {
      if (!gaveUp.aborted) return code;
      return timeLeftMs(deadline) <= TIMER_SLACK_MS ? "DEADLINE_EXCEEDED" : "CANCELLED";
    };
    let response: Response;
    try {
      response = await answer(call.request, { observation, header: headerOf(call), deadline, signal: gaveUp });
    } catch (thrown) {
      const error = InferenceError.from(thrown, "gateway");
      if (error !== thrown) log.error({ err: thrown, method: call.getPath() }, "unexpected error");
      observation.end({ code: codeOf(error.code), bytesIn, bytesOut: 0, error });
      callback(errorToStatus(error));
      return;
    }
    observation.end({ code: codeOf("OK"), bytesIn, bytesOut: sizeOf(response) });
    callback(null, response);
  };

  return (call, callback) => {
    inFlight.enter();
    const gaveUp = new CallController();
    // grpc-js emits it at the end of every call: when the client has given up, and when the answer has left.
    call.once("cancelled", () => {
      gaveUp.abort();
      inFlight.leave();
    });
    respond(call, callback, gaveUp.signal).catch((thrown: unknown) => log.error({ err: thrown }, "unexpected error"));
  };
}
