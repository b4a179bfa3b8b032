import { encodePredictOutputs, encodePredictResponse } from "../../tensor/index.ts";
import { contentBytes } from "../answer-content.ts";
import type { AnswerContent, CallLimits, ReceivedMessage } from "../call.ts";
import { type AnswerKind, answerJson, IN_THREAD_BYTES } from "../threads/index.ts";
import type { JsonCallParts } from "./json-call.ts";

/** Content becomes JSON of a few times its length. */
const LONG_BYTES = IN_THREAD_BYTES / 4;

/** Makes an answer JSON: at once, or in a thread where it is long. */
export function writeAnswer(
  { compatibility: { strictJson: strict }, threads }: JsonCallParts,
  answer: AnswerKind,
  content: AnswerContent,
  limits: CallLimits,
): Uint8Array | Promise<Uint8Array> {
  if (contentBytes(content) >= LONG_BYTES) {
    const message =
      content.is === "message" ? ownMessage(content) : encodePredictResponse(content.spec, content.outputs, "content");
    return threads.encode(message, answer, { strict }, limits);
  }
  if (content.is === "message") return answerJson(answer, content.message, { strict });
  return encodePredictOutputs(answer.of === "Predict" ? answer.format : "row", content.outputs, { strict });
}

/** It moves to the thread. */
function ownMessage({ message, isShared }: ReceivedMessage): Uint8Array {
  return isShared === true ? new Uint8Array(message) : message;
}
