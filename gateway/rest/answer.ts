import { type ServerResponse, STATUS_CODES } from "node:http";
import type { InferenceError } from "../../core/index.ts";
import { errorBody } from "../../tensor/index.ts";
import { onceSent } from "../linger.ts";
import { httpStatus } from "./status.ts";

/** An HTTP answer, whole. */
export interface RestAnswer {
  readonly status: number;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

const JSON_TYPE = { "content-type": "application/json" };
const NOTHING = new Uint8Array(0);

export function jsonAnswer(body: Uint8Array): RestAnswer {
  return { status: 200, body, headers: JSON_TYPE };
}

/** `value` as TensorFlow Serving lays out its proto JSON: a space an indent, a line's end at the end. */
export function jsonLines(value: unknown): string {
  return `${JSON.stringify(value, undefined, 1)}\n`;
}

export function jsonText(value: unknown): Uint8Array {
  return Buffer.from(jsonLines(value));
}

export function emptyAnswer(status: number): RestAnswer {
  return { status, body: NOTHING, headers: JSON_TYPE };
}

/**
 * What stands outside of the API is answered by a page, as TensorFlow Serving's HTTP library does: a client that looks for
 * JSON there has the wrong address.
 */
export function pageAnswer(status: number): RestAnswer {
  const reason = STATUS_CODES[status] ?? "";
  const page = `<!doctype html>\n<title>${status} ${reason}</title>\n<h1>${reason}</h1>\n`;
  return { status, body: Buffer.from(page), headers: { "content-type": "text/html" } };
}

/** `{"error": message}`; the message is not cut over REST. */
export function errorAnswer(error: InferenceError, status: number = httpStatus(error.code)): RestAnswer {
  const retry =
    error.retryAfterMs === undefined
      ? {}
      : { "retry-after": String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))) };
  // RFC 9110, 15.5.2: a 401 says how to prove who one is.
  const challenge = error.code === "UNAUTHENTICATED" ? { "www-authenticate": "Bearer" } : {};
  return { status, body: errorBody(error.message), headers: { ...JSON_TYPE, ...retry, ...challenge } };
}

export function send(response: ServerResponse, { status, body, headers }: RestAnswer, close: boolean): void {
  const framed = { ...headers, "content-length": body.length };
  response.writeHead(status, close ? { ...framed, connection: "close" } : framed);
  response.end(body);
}

/** Answers while the client is still sending its body, throws away what comes for a moment, and closes the connection then. */
export function sendUnread(response: ServerResponse, { status, body, headers }: RestAnswer): void {
  const { req: request } = response;
  response.writeHead(status, { ...headers, "content-length": body.length, connection: "close" });
  response.write(body);
  onceSent(request, () => response.end());
  request.resume();
}
