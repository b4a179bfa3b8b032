import { contentBytes } from "../answer-content.ts";
import type { Answer, AnswerContent, Servable } from "../call.ts";

/** Longer answers are not compared: taking one apart would hold the event loop, which all requests share. */
const MAX_COMPARED_BYTES = 4 * 2 ** 20;

/** What a client has been given. */
export interface KeptAnswer {
  readonly target: Servable;
  /** Undefined: it is too long to be compared. */
  readonly content: AnswerContent | undefined;
}

/** The edge that an answer goes to may give its memory away, so a message is copied. */
export function keptAnswer({ target, content }: Answer): KeptAnswer {
  if (isTooLong(content)) return { target, content: undefined };
  if (content.is === "outputs") return { target, content };
  const message = content.pieces === undefined ? new Uint8Array(content.message) : Buffer.concat(content.pieces);
  return { target, content: { is: "message", message } };
}

export function isTooLong(content: AnswerContent): boolean {
  return contentBytes(content) > MAX_COMPARED_BYTES;
}
