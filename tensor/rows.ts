import { packedTensor, type StringTensor, stringTensor, type Tensor } from "./tensor.ts";

/** The size of the first dimension that all tensors share; undefined for a scalar, an empty batch, or sizes that differ. */
export function rowCount(tensors: ReadonlyMap<string, Tensor>): number | undefined {
  let rows: number | undefined;
  for (const { shape } of tensors.values()) {
    const size = shape[0];
    if (size === undefined || size === 0 || (rows !== undefined && rows !== size)) return undefined;
    rows = size;
  }
  return rows;
}

/** Tensors of one dtype and the same inner dimensions, one after the other along the first. Nothing is copied: it is in as many pieces. */
export function joinRows(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new RangeError("there is nothing to join");
  const rows = tensors.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  const shape = [rows, ...first.shape.slice(1)];
  if (first.kind === "string") {
    return stringTensor(
      shape,
      tensors.flatMap((tensor) => (tensor as StringTensor).values),
    );
  }
  const parts = tensors.flatMap((tensor) => (tensor.kind === "packed" ? (tensor.pieces ?? tensor.data) : []));
  return packedTensor(first.dtype, shape, parts);
}

/** Rows [from, from + count), as a view of the tensor's memory. */
export function sliceRows(tensor: Tensor, from: number, count: number): Tensor {
  const [rows = 0, ...inner] = tensor.shape;
  const shape = [count, ...inner];
  if (tensor.kind === "string") {
    const perRow = tensor.values.length / rows;
    return stringTensor(shape, tensor.values.slice(from * perRow, (from + count) * perRow));
  }
  const rowBytes = tensor.data.length / rows;
  return packedTensor(tensor.dtype, shape, tensor.data.subarray(from * rowBytes, (from + count) * rowBytes));
}
