import { contentBytes } from "../answer-content.ts";
import type { Answer, AnswerContent, Servable } from "../call.ts";

/** Longer answers are not compared: copying them for a thread would hold the event loop. */
const MAX_COMPARED_BYTES = 4 * 2 ** 20;

/** What a version has answered to a caller. */
export interface GivenAnswer {
  readonly target: Servable;
  /** Undefined: it is too long to be compared. */
  readonly content: AnswerContent | undefined;
}

/** Undefined for what no version has answered. From here on the answer's memory stays as it is. */
export function givenAnswer({ target, content }: Answer): GivenAnswer | undefined {
  if (target === undefined) return undefined;
  if (isTooLong(content)) return { target, content: undefined };
  if (content.is === "message") content.isShared = true;
  return { target, content };
}

export function isTooLong(content: AnswerContent): boolean {
  return contentBytes(content) > MAX_COMPARED_BYTES;
}
