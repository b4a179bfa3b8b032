import type { IncomingMessage } from "node:http";
import { type Deadline, deadlineIn, type ModelSpec, NO_DEADLINE } from "../../core/index.ts";
import { parseRequestBody, type RequestBody } from "../../tensor/index.ts";
import { hostAndPort } from "../listening.ts";
import type { InferRoute } from "./url.ts";

/** A request whose body has been checked as JSON. */
export interface JsonRequest {
  readonly spec: ModelSpec;
  readonly json: RequestBody;
}

/** Throws INVALID_ARGUMENT for a body that is not JSON, in the words of RapidJSON. */
export function parseJsonRequest({ name, choice }: InferRoute, body: Uint8Array): JsonRequest {
  const json = parseRequestBody(body);
  return { spec: { name, choice, signature: json.signature }, json };
}

/** A header that is sent several times is joined as HTTP joins it. */
export function headerOf({ headers }: IncomingMessage): (name: string) => string | undefined {
  return (name) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  };
}

/** From here on: how long the body took to come does not count, as in TensorFlow Serving. Nothing or less is no limit. */
export function deadlineOf(timeoutMs: number): Deadline {
  return timeoutMs > 0 ? deadlineIn(timeoutMs) : NO_DEADLINE;
}

/** The client's address, for the log. */
export function clientOf({ socket }: IncomingMessage): string {
  return hostAndPort(socket.remoteAddress ?? "unknown", socket.remotePort ?? 0);
}
