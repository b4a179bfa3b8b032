import { decodePredictResponse, encodePredictResponse, type Tensor } from "../tensor/index.ts";
import type { AnswerContent } from "./call.ts";

/** The serialized response message; of one that is made here the numbers stand in typed fields, as TensorFlow Serving sends them. */
export function messageOf(content: AnswerContent): Uint8Array {
  return content.is === "message" ? content.message : encodePredictResponse(content.spec, content.outputs, "typed");
}

/** Of Predict. Throws INTERNAL with origin worker for a message that is no such answer. */
export function outputsOf(content: AnswerContent): ReadonlyMap<string, Tensor> {
  return content.is === "outputs" ? content.outputs : decodePredictResponse(content.message).outputs;
}
