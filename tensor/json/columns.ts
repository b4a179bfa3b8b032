import { InferenceError } from "../../core/index.ts";
import type { DType } from "../dtype.ts";
import { StringBudget } from "../limits.ts";
import type { TensorInfo } from "../signature.ts";
import type { Tensor } from "../tensor.ts";
import { base64Value } from "./base64.ts";
import { eachMember, OPEN_BRACE, skipValue } from "./cursor.ts";
import { DenseReader } from "./dense.ts";
import { stringText } from "./text.ts";

/**
 * The value of `inputs`: an object of whole tensors by name, of which names the signature does not have are passed over,
 * or the one tensor of a signature with one input.
 */
export function readColumns(
  bytes: Uint8Array,
  at: number,
  infos: ReadonlyMap<string, TensorInfo>,
): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  const budget = new StringBudget();
  if (bytes[at] !== OPEN_BRACE || base64Value(bytes, at) >= 0) {
    if (infos.size > 1) {
      throw new InferenceError(
        "INVALID_ARGUMENT",
        "inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map",
      );
    }
    for (const [name, info] of infos) tensors.set(name, readTensor(bytes, at, info.dtype, budget));
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
    tensors.set(name, readTensor(bytes, valueAt, info.dtype, budget));
  }
  return tensors;
}

function readTensor(bytes: Uint8Array, at: number, dtype: DType | undefined, budget: StringBudget): Tensor {
  const reader = new DenseReader(bytes, dtype, budget);
  reader.read(at);
  return reader.finish(reader.shape());
}
