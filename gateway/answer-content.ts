import { type Bytes, byteLengthOf, joined } from "../core/index.ts";
import { decodePredictResponse, encodePredictResponse, type Tensor, type TensorForm } from "../tensor/index.ts";
import type { AnswerContent, ReceivedMessage } from "./call.ts";

/** The serialized response message; one that is made here has its numbers in this form, by default as TensorFlow Serving sends them. */
export function messageOf(content: AnswerContent, form: TensorForm = "typed"): Uint8Array {
  return content.is === "message" ? content.message : encodePredictResponse(content.spec, content.outputs, form);
}

/** The same for who only passes it on: in pieces where it came so. */
export function messagePiecesOf(content: AnswerContent, form: TensorForm): Bytes {
  return content.is === "message" && content.pieces !== undefined ? content.pieces : messageOf(content, form);
}

/** What a worker has sent. */
export function receivedMessage(bytes: Bytes): AnswerContent {
  return bytes instanceof Uint8Array ? { is: "message", message: bytes } : new MessageInPieces(bytes);
}

class MessageInPieces implements ReceivedMessage {
  readonly is = "message";
  readonly pieces: readonly Uint8Array[];
  #message: Uint8Array | undefined;

  constructor(pieces: readonly Uint8Array[]) {
    this.pieces = pieces;
  }

  get message(): Uint8Array {
    this.#message ??= joined(this.pieces);
    return this.#message;
  }
}

/** Of Predict. Throws INTERNAL with origin worker for a message that is no such answer. */
export function outputsOf(content: AnswerContent): ReadonlyMap<string, Tensor> {
  return content.is === "outputs" ? content.outputs : decodePredictResponse(content.message).outputs;
}

/** How long it is in memory, without joining what came in pieces. */
export function contentBytes(content: AnswerContent): number {
  if (content.is === "message") return byteLengthOf(content.pieces ?? content.message);
  let bytes = 0;
  for (const tensor of content.outputs.values()) {
    if (tensor.kind === "packed") bytes += tensor.data.length;
    else for (const value of tensor.values) bytes += value.length + 2;
  }
  return bytes;
}
