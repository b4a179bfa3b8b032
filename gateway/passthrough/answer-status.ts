import type { IncomingMessage } from "node:http";

/** By which a server, or a proxy before it, says that it is not able to answer: what a breaker counts. */
const SICK: ReadonlySet<number> = new Set([502, 503, 504]);

/** Thrown through a breaker, to be counted; the client gets the answer as it is. */
export class SickAnswer extends Error {
  override readonly name = "SickAnswer";
  readonly answer: IncomingMessage;

  constructor(answer: IncomingMessage) {
    super(`answered ${answer.statusCode}`);
    this.answer = answer;
  }
}

/** A status that an answer can have (RFC 9110, 15); Node takes any three digits. */
export function isFinal({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode <= 599;
}

export function isSick({ statusCode = 0 }: IncomingMessage): boolean {
  return SICK.has(statusCode);
}
