import type { handleUnaryCall, ServerUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import { type Bytes, type Deadline, deadlineIn, InferenceError, type Logger, NO_DEADLINE } from "../../core/index.ts";
import type { RunCall } from "../engine/index.ts";
import type { InFlight } from "./in-flight.ts";
import { errorStatus } from "./status.ts";

/** How long a call may take, and whether it is still waited for. */
export interface CallScope {
  readonly deadline: Deadline;
  /** Aborted, with an InferenceError for a reason, when the client gives up or its deadline passes. */
  readonly signal?: AbortSignal | undefined;
}

export interface HandlerParts {
  readonly inFlight: InFlight;
  readonly log: Logger;
}

/** A method on message bytes. What is quick answers at once. */
export type BytesAnswer = (message: Bytes, scope: CallScope) => Uint8Array | Promise<Uint8Array>;

type Answer<Request, Response> = (request: Request, scope: CallScope) => Response | Promise<Response>;

/**
 * A unary method from a function that answers or throws. Whatever is thrown becomes a status; what was not expected is
 * logged and told in fixed words.
 */
export function unary<Request, Response>(
  parts: HandlerParts,
  answer: Answer<Request, Response>,
): handleUnaryCall<Request, Response> {
  return (call, reply) => void respond(parts, answer, call, reply);
}

async function respond<Request, Response>(
  { inFlight, log }: HandlerParts,
  answer: Answer<Request, Response>,
  call: ServerUnaryCall<Request, Response>,
  reply: sendUnaryData<Response>,
): Promise<void> {
  using _counted = inFlight.enter();
  try {
    const gaveUp = new AbortController();
    call.on("cancelled", () => gaveUp.abort(clientGaveUp()));
    reply(null, await answer(call.request, { deadline: deadlineOf(call), signal: gaveUp.signal }));
  } catch (thrown) {
    logUnexpected(log, thrown, call.getPath());
    reply(errorStatus(thrown));
  }
}

export function logUnexpected(log: Logger, thrown: unknown, method: string): void {
  if (!(thrown instanceof InferenceError)) log.error({ err: thrown, method }, "unexpected error");
}

/** The reason of a signal that a client's end aborts. */
export function clientGaveUp(): InferenceError {
  return new InferenceError("CANCELLED", "the client gave up");
}

/** A run within the call's limits; its signal is only made should the run ask for it. */
export function runWithin(scope: CallScope, run: Omit<RunCall, "deadline" | "signal">): RunCall {
  const { plan, feeds, fetches, placesFor } = run;
  return {
    plan,
    feeds,
    fetches,
    placesFor,
    deadline: scope.deadline,
    get signal() {
      return scope.signal;
    },
  };
}

function deadlineOf(call: { getDeadline(): Date | number }): Deadline {
  const epochMs = Number(call.getDeadline());
  return epochMs === Number.POSITIVE_INFINITY ? NO_DEADLINE : deadlineIn(epochMs - Date.now());
}
