import { decodePredictResponse, encodePredictResponse, type Tensor, type TensorForm } from "../tensor/index.ts";
import type { AnswerContent } from "./call.ts";

/** The serialized response message; one that is made here has its numbers in this form, by default as TensorFlow Serving sends them. */
export function messageOf(content: AnswerContent, form: TensorForm = "typed"): Uint8Array {
  return content.is === "message" ? content.message : encodePredictResponse(content.spec, content.outputs, form);
}

/** Of Predict. Throws INTERNAL with origin worker for a message that is no such answer. */
export function outputsOf(content: AnswerContent): ReadonlyMap<string, Tensor> {
  return content.is === "outputs" ? content.outputs : decodePredictResponse(content.message).outputs;
}
