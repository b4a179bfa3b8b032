import type { handleUnaryCall, ServerUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import { type Deadline, deadlineIn, InferenceError, type Logger, NO_DEADLINE } from "../../core/index.ts";
import type { InFlight } from "./in-flight.ts";
import { errorStatus } from "./status.ts";

/** How long a call may take, and whether it is still waited for. */
export interface CallScope {
  readonly deadline: Deadline;
  /** Aborted, with an InferenceError for a reason, when the client gives up or its deadline passes. */
  readonly signal?: AbortSignal;
}

export interface HandlerParts {
  readonly inFlight: InFlight;
  readonly log: Logger;
}

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
    call.on("cancelled", () => gaveUp.abort(new InferenceError("CANCELLED", "the client gave up")));
    reply(null, await answer(call.request, { deadline: deadlineOf(call), signal: gaveUp.signal }));
  } catch (thrown) {
    if (!(thrown instanceof InferenceError)) log.error({ err: thrown, method: call.getPath() }, "unexpected error");
    reply(errorStatus(thrown));
  }
}

function deadlineOf(call: { getDeadline(): Date | number }): Deadline {
  const epochMs = Number(call.getDeadline());
  return epochMs === Number.POSITIVE_INFINITY ? NO_DEADLINE : deadlineIn(epochMs - Date.now());
}
