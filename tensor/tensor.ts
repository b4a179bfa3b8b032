import { type Bytes, byteLengthOf, InferenceError, joined } from "../core/index.ts";
import { type DType, dtypeNamed } from "./dtype.ts";

/**
 * Numbers as they lie in memory: little-endian, row-major, without gaps. `data` holds exactly
 * `elementCount(shape) * dtype.itemBytes` bytes, often a view of a message and then not aligned.
 */
export interface PackedTensor {
  readonly kind: "packed";
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  /** The same in several pieces, for who copies it anyway: where they are there, `data` is only joined when it is asked for. */
  readonly pieces?: readonly Uint8Array[];
}

/** Byte strings, row-major; each may be a view of a message. */
export interface StringTensor {
  readonly kind: "string";
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly values: readonly Uint8Array[];
}

export type Tensor = PackedTensor | StringTensor;

export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

/** Throws INVALID_ARGUMENT unless the bytes are exactly those of the shape. */
export function packedTensor(dtype: DType, shape: readonly number[], data: Bytes): PackedTensor {
  const wantBytes = elementCount(shape) * dtype.itemBytes;
  const bytes = byteLengthOf(data);
  if (bytes !== wantBytes) {
    throw new InferenceError(
      "INVALID_ARGUMENT",
      `a ${dtype.name} tensor of shape [${shape.join(",")}] takes ${wantBytes} bytes, got ${bytes}`,
    );
  }
  return data instanceof Uint8Array ? { kind: "packed", dtype, shape, data } : new TensorInPieces(dtype, shape, data);
}

class TensorInPieces implements PackedTensor {
  readonly kind = "packed";
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly pieces: readonly Uint8Array[];
  #data: Uint8Array | undefined;

  constructor(dtype: DType, shape: readonly number[], pieces: readonly Uint8Array[]) {
    this.dtype = dtype;
    this.shape = shape;
    this.pieces = pieces;
  }

  get data(): Uint8Array {
    this.#data ??= joined(this.pieces);
    return this.#data;
  }
}

const STRING = dtypeNamed("string");

/** Throws INVALID_ARGUMENT unless there are as many values as the shape says. */
export function stringTensor(shape: readonly number[], values: readonly Uint8Array[]): StringTensor {
  const want = elementCount(shape);
  if (values.length !== want) {
    throw new InferenceError(
      "INVALID_ARGUMENT",
      `a string tensor of shape [${shape.join(",")}] takes ${want} values, got ${values.length}`,
    );
  }
  return { kind: "string", dtype: STRING, shape, values };
}
