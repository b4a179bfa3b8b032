import { byteLengthOf } from "../../core/index.ts";
import { type DType, rowCount, type Signature, type Tensor } from "../../tensor/index.ts";
import type { CallInputs } from "../call.ts";

/** How much a call brings to a joined one. */
export interface Size {
  readonly rows: number;
  readonly bytes: number;
}

/** What calls have in common that may be joined, besides their version, method and signature. */
export type Kind =
  | { readonly is: "examples" }
  | { readonly is: "tensors"; readonly columns: readonly Column[]; readonly outputFilter: readonly string[] };

interface Column {
  readonly name: string;
  readonly dtype: DType;
  /** All dimensions but the first. */
  readonly inner: readonly number[];
}

/** Undefined for what has no rows: scalars, inputs of different numbers of rows, nothing at all. */
export function sizeOf(inputs: CallInputs): Size | undefined {
  if (inputs.kind === "examples") {
    const { examples, context } = inputs.input;
    const rows = examples.length;
    return rows === 0 ? undefined : { rows, bytes: lengthOf(examples) + rows * (context?.length ?? 0) };
  }
  const rows = rowCount(inputs.inputs);
  if (rows === undefined) return undefined;
  let bytes = 0;
  for (const tensor of inputs.inputs.values()) bytes += bytesOf(tensor);
  return { rows, bytes };
}

function bytesOf(tensor: Tensor): number {
  return tensor.kind === "packed" ? byteLengthOf(tensor.pieces ?? tensor.data) : lengthOf(tensor.values);
}

function lengthOf(values: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const value of values) bytes += value.length;
  return bytes;
}

/** Undefined for inputs that are not those of the signature, by name and dtype: nobody else shall have to do with them. */
export function kindOf(inputs: CallInputs, signature: Signature): Kind | undefined {
  if (inputs.kind === "examples") return { is: "examples" };
  if (inputs.inputs.size !== signature.inputs.size) return undefined;
  const columns: Column[] = [];
  for (const [name, { dtype, shape }] of inputs.inputs) {
    if (signature.inputs.get(name)?.dtype !== dtype) return undefined;
    columns.push({ name, dtype, inner: shape.slice(1) });
  }
  return { is: "tensors", columns, outputFilter: inputs.outputFilter };
}

/** Looked at for each call, so it makes nothing. */
export function isOfKind(inputs: CallInputs, kind: Kind): boolean {
  if (kind.is === "examples" || inputs.kind === "examples") return kind.is === inputs.kind;
  const { columns, outputFilter } = kind;
  if (inputs.inputs.size !== columns.length || inputs.outputFilter.length !== outputFilter.length) return false;
  for (let i = 0; i < outputFilter.length; i++) if (inputs.outputFilter[i] !== outputFilter[i]) return false;
  for (const { name, dtype, inner } of columns) {
    const tensor = inputs.inputs.get(name);
    if (tensor === undefined || tensor.dtype !== dtype || tensor.shape.length !== inner.length + 1) return false;
    for (let i = 0; i < inner.length; i++) if (tensor.shape[i + 1] !== inner[i]) return false;
  }
  return true;
}
