import { type Bytes, type InferenceError, statusCodeName } from "../../core/index.ts";
import { type Fields, fieldOf, type UnaryClient } from "../../http2/index.ts";
import type { RawMethod } from "../../protos/index.ts";
import {
  connectionError,
  givenUp,
  MESSAGE_KEY,
  noAnswer,
  ORIGIN_KEY,
  SERVERS_TIMER,
  timedOut,
  workerError,
} from "./call-error.ts";
import type { CallLimits } from "./unary-call.ts";

/** As `unaryCall`, over a connection of our own. */
export async function directCall(
  client: UnaryClient,
  method: RawMethod,
  message: Bytes,
  limits: CallLimits,
  worker: string,
): Promise<Bytes> {
  if (limits.signal.aborted) throw givenUp();
  const outcome = await client.call(method.path, message, limits);
  switch (outcome.is) {
    case "answered":
      if (outcome.code !== 0) throw statusError(outcome, worker);
      if (outcome.message === undefined) throw noAnswer(worker);
      return outcome.message;
    case "refused":
    case "dropped":
      throw connectionError(outcome.is, outcome.details, worker);
    case "expired":
      throw timedOut();
    case "cancelled":
      throw givenUp();
  }
}

interface Status {
  readonly code: number;
  readonly details: string;
  readonly trailers: Fields;
}

function statusError({ code: number, details, trailers }: Status, worker: string): InferenceError {
  const code = statusCodeName(number);
  if (code === "DEADLINE_EXCEEDED" && details === SERVERS_TIMER) return timedOut();
  const whole = fieldOf(trailers, MESSAGE_KEY);
  const message = whole === undefined ? undefined : Buffer.from(whole, "base64").toString();
  return workerError({ code, details, origin: fieldOf(trailers, ORIGIN_KEY), message }, worker);
}
