import type { Signature, TensorInfo } from "../../tensor/index.ts";

/**
 * Why the signature, by what it says of its tensors, does not take and answer one row for each row; undefined when it may.
 * A shape that isn't told may be one of rows: a probe shows.
 */
export function shapeRefusal({ inputs, outputs }: Signature): string | undefined {
  if (inputs.size === 0) return "it has no inputs";
  if (outputs.size === 0) return "it has no outputs";
  for (const [alias, info] of inputs) {
    const why = tensorRefusal(info, "takes");
    if (why !== undefined) return `input "${alias}" ${why}`;
  }
  for (const [alias, info] of outputs) {
    const why = tensorRefusal(info, "has");
    if (why !== undefined) return `output "${alias}" ${why}`;
  }
  return undefined;
}

function tensorRefusal({ name, dtype, shape }: TensorInfo, verb: string): string | undefined {
  if (name === "") return "is not one tensor";
  if (dtype === undefined) return "has no dtype";
  if (dtype.itemBytes === 0 && dtype.name !== "string") return `is a ${dtype.name}`;
  if (shape === undefined || shape[0] === -1) return undefined;
  const [rows] = shape;
  return rows === undefined ? "is a scalar, which has no rows" : `${verb} exactly ${rows} rows`;
}
