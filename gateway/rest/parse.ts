import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type Deadline, deadlineIn, NO_DEADLINE } from "../../core/index.ts";
import { hostAndPort } from "../listening.ts";

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
export function clientOf({ remoteAddress = "unknown", remotePort = 0 }: Socket): string {
  return hostAndPort(remoteAddress, remotePort);
}
