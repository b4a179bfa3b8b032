import { type Bytes, DEFAULT_SIGNATURE, InferenceError, joined } from "../core/index.ts";
import { decodeExamplesRequest, decodePredictRequest, type Tensor } from "../tensor/index.ts";
import type { CallInputs } from "./call.ts";

/**
 * What a serialized request asks, as views of it; `asked` is the signature that it names, "" for the default one. Undefined for a
 * message that is wrong: what is wrong with it, and in which order, is the worker's to tell.
 */
export function inputsOf(
  method: "Predict" | "Classify" | "Regress",
  message: Bytes,
  asked: string,
): CallInputs | undefined {
  const signature = asked || DEFAULT_SIGNATURE;
  try {
    if (method !== "Predict") {
      const { input } = decodeExamplesRequest(joined(message));
      return input === undefined ? undefined : { kind: "examples", signature, input };
    }
    const { inputs, outputFilter } = decodePredictRequest(message);
    const tensors = new Map<string, Tensor>();
    for (const [name, decode] of inputs) tensors.set(name, decode());
    return { kind: "tensors", signature, inputs: tensors, outputFilter };
  } catch (thrown) {
    if (thrown instanceof InferenceError) return undefined;
    throw thrown;
  }
}
