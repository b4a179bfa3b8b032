import { InferenceError } from "../../core/index.ts";
import {
  type ExamplesInput,
  type Signature,
  type StringTensor,
  stringTensor,
  type Tensor,
} from "../../tensor/index.ts";
import type { LoadedModel } from "../engine/index.ts";
import { type CallScope, runWithin } from "./call-scope.ts";

/** The input that a classify or regress signature takes its serialized examples by (`kClassifyInputs`, `kRegressInputs`). */
export const INPUTS_ALIAS = "inputs";

/** Examples as the graph takes them: a vector of bytes, each example behind the context. Throws INVALID_ARGUMENT when there are none. */
export function exampleBatch(input: ExamplesInput | undefined): StringTensor {
  if (input === undefined || input.examples.length === 0) {
    throw new InferenceError("INVALID_ARGUMENT", "Input is empty.");
  }
  const { examples, context } = input;
  // Joined messages merge, and what comes last wins: an example's own feature overrides the context's.
  const values = context === undefined ? examples : examples.map((example) => Buffer.concat([context, example]));
  return stringTensor([values.length], values);
}

/** A signature by name, for the calls that are fed with examples. */
export function exampleSignature(model: LoadedModel, key: string): Signature {
  const signature = model.signatures.get(key);
  if (signature === undefined) {
    throw new InferenceError("INVALID_ARGUMENT", `No signature was found with the name: ${key}`);
  }
  return signature;
}

/** Feeds the batch to the signature's input and fetches the outputs of these aliases. */
export async function runExamples(
  model: LoadedModel,
  signature: Signature,
  batch: StringTensor,
  aliases: readonly string[],
  scope: CallScope,
): Promise<ReadonlyMap<string, Tensor>> {
  const feed = signature.inputs.get(INPUTS_ALIAS)?.name ?? "";
  const fetches = aliases.map((alias) => signature.outputs.get(alias)?.name ?? "");
  const fetched = await model.run(runWithin(scope, { plan: signature.key, feeds: [[feed, batch]], fetches }));
  return new Map(aliases.map((alias, i) => [alias, fetched[i] as Tensor]));
}

/** The numbers of a float tensor, copied: its bytes may not be aligned. */
export function floatsOf(tensor: Tensor, what: string): Float32Array {
  if (tensor.kind !== "packed" || tensor.dtype.name !== "float") {
    // The two spaces of a regression are TensorFlow Serving's.
    const gap = what === "output" ? "  " : " ";
    throw invalid(`Expected ${what} Tensor of DT_FLOAT.${gap}Got: ${dtypeText(tensor)}`);
  }
  return new Float32Array(Uint8Array.from(tensor.data).buffer);
}

export function dtypeText(tensor: Tensor): string {
  return `DT_${tensor.dtype.name.toUpperCase()}`;
}

export function shapeText(tensor: Tensor): string {
  return `[${tensor.shape.join(",")}]`;
}

export function invalid(message: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", message);
}
