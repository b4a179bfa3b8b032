import { InferenceError } from "../../core/index.ts";
import type { TensorInfo } from "../signature.ts";
import type { Tensor } from "../tensor.ts";
import { base64Value } from "./base64.ts";
import { eachMember, OPEN_BRACE, skipValue } from "./cursor.ts";
import { DenseReader } from "./dense.ts";
import type { Source } from "./source.ts";
import { stringText } from "./text.ts";

/**
 * The value of `inputs`: an object of whole tensors by name, of which names the signature does not have are passed over,
 * or the one tensor of a signature with one input.
 */
export function readColumns(source: Source, at: number, infos: ReadonlyMap<string, TensorInfo>): Map<string, Tensor> {
  const { bytes } = source;
  const tensors = new Map<string, Tensor>();
  if (bytes[at] !== OPEN_BRACE || base64Value(bytes, at) >= 0) {
    if (infos.size > 1) {
      throw new InferenceError(
        "INVALID_ARGUMENT",
        "inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map",
      );
    }
    for (const [name, info] of infos) tensors.set(name, readTensor(source, at, info));
    return tensors;
  }
  const valuesAt = new Map<string, number>();
  eachMember(bytes, at, (nameAt, valueAt) => {
    const name = stringText(bytes, nameAt);
    if (infos.has(name) && !valuesAt.has(name)) valuesAt.set(name, valueAt);
    return skipValue(bytes, valueAt);
  });
  for (const [name, info] of infos) {
    const valueAt = valuesAt.get(name);
    if (valueAt === undefined) {
      throw new InferenceError("INVALID_ARGUMENT", `Missing named input: ${name} in 'inputs' object.`);
    }
    tensors.set(name, readTensor(source, valueAt, info));
  }
  return tensors;
}

function readTensor(source: Source, at: number, { dtype }: TensorInfo): Tensor {
  const reader = new DenseReader(source, dtype);
  reader.read(at);
  return reader.finish(reader.shape());
}
