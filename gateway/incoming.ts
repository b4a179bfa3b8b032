import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { hostAndPort } from "./listening.ts";

/** A header by its lower-case name; one that is sent several times is joined as HTTP joins it. */
export function headerOf({ headers }: IncomingMessage): (name: string) => string | undefined {
  return (name) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  };
}

/** The client's address, for the log. */
export function clientOf({ remoteAddress = "unknown", remotePort = 0 }: Socket): string {
  return hostAndPort(remoteAddress, remotePort);
}

/** 0 where the length is not told. */
export function announcedBytes({ headers }: IncomingMessage): number {
  return Number(headers["content-length"] ?? 0);
}

export function announcesMore(request: IncomingMessage, maxBytes: number): boolean {
  return announcedBytes(request) > maxBytes;
}

/** Whether a body follows the headers; one that is not read stands in the way of the connection's next request. */
export function hasBody(request: IncomingMessage): boolean {
  return announcedBytes(request) > 0 || request.headers["transfer-encoding"] !== undefined;
}
