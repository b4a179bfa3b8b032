import { byteLengthOf, InferenceError, piecesOf } from "../../../core/index.ts";
import { dtypeNamed, dtypeOf, elementCount, type Tensor, type TensorHead } from "../../../tensor/index.ts";
import type { Library, Pointer } from "./library.ts";
import { packedStringBytes, packStrings, readStrings } from "./strings.ts";

/** `TensorShape::MaxDimensions()`: one more ends the process. */
const MAX_RANK = 254;
const STRING = dtypeNamed("string").number;

/**
 * A native copy of a tensor; the caller deletes it. Throws INVALID_ARGUMENT for a shape that TensorFlow would not refuse but die of
 * (it checks shapes by assertion), and for data of another size than the shape says.
 */
export function toNative(library: Library, tensor: Tensor): Pointer {
  checkShape(tensor.shape);
  const data = tensor.kind === "packed" ? (tensor.pieces ?? tensor.data) : packedStrings(tensor.values);
  checkSize(tensor);
  const bytes = byteLengthOf(data);
  const dims = BigInt64Array.from(tensor.shape, BigInt);
  const native = library.TF_AllocateTensor(tensor.dtype.number, dims, dims.length, bytes);
  if (!native) {
    throw new InferenceError("RESOURCE_EXHAUSTED", `no memory for a tensor of ${bytes} bytes`, { origin: "worker" });
  }
  let to = library.TF_TensorData(native);
  if (bytes === 0 || to === null) return native;
  for (const piece of piecesOf(data)) {
    library.memcpy(to, piece, piece.length);
    to += BigInt(piece.length);
  }
  return native;
}

function packedStrings(values: readonly Uint8Array[]): Uint8Array {
  const bytes = packedStringBytes(values);
  if (bytes === undefined)
    throw new InferenceError("INVALID_ARGUMENT", "a string tensor holds at most 4 GiB, and 1 GiB a string");
  return packStrings(values, bytes);
}

function checkShape(shape: readonly number[]): void {
  if (shape.length > MAX_RANK) {
    throw new InferenceError("INVALID_ARGUMENT", `a tensor has at most ${MAX_RANK} dimensions, got ${shape.length}`);
  }
  let product = 1; // a size of 0 does not save TensorFlow from an overflow of the others
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new InferenceError("INVALID_ARGUMENT", `a tensor of shape [${shape.join(",")}] cannot be fed`);
    }
    product *= Math.max(size, 1);
  }
  if (product > Number.MAX_SAFE_INTEGER) {
    throw new InferenceError("INVALID_ARGUMENT", `a tensor of shape [${shape.join(",")}] is too large`);
  }
}

function checkSize(tensor: Tensor): void {
  let count = 1;
  for (const size of tensor.shape) count *= size;
  const want = tensor.kind === "packed" ? count * tensor.dtype.itemBytes : count;
  const got = tensor.kind === "packed" ? byteLengthOf(tensor.pieces ?? tensor.data) : tensor.values.length;
  if (tensor.kind === "packed" && tensor.dtype.itemBytes === 0) {
    throw new InferenceError("UNIMPLEMENTED", `a ${tensor.dtype.name} tensor cannot be fed`);
  }
  if (want !== got) {
    const unit = tensor.kind === "packed" ? "bytes" : "values";
    throw new InferenceError(
      "INVALID_ARGUMENT",
      `a ${tensor.dtype.name} tensor of shape [${tensor.shape.join(",")}] takes ${want} ${unit}, got ${got}`,
    );
  }
}

/**
 * Type, shape and size of a native tensor. `name` is for the error: UNIMPLEMENTED for what has no form outside the process
 * (resource, variant) or a type that this program does not know.
 */
export function headOf(library: Library, native: Pointer, name: string): TensorHead {
  const number = library.TF_TensorType(native);
  const dtype = dtypeOf(number);
  if (dtype === undefined || (dtype.itemBytes === 0 && dtype.number !== STRING)) {
    throw new InferenceError(
      "UNIMPLEMENTED",
      `output ${name} is of type ${dtype?.name ?? number}, which cannot be sent`,
    );
  }
  const shape: number[] = [];
  const rank = library.TF_NumDims(native);
  for (let i = 0; i < rank; i++) shape.push(Number(library.TF_Dim(native, i)));
  return { dtype, shape, byteLength: library.TF_TensorByteSize(native) };
}

/** Copies a native tensor out, once: numbers to `place`, if there is one. The native one stays the caller's to delete. */
export function fromNative(library: Library, native: Pointer, head: TensorHead, place: Uint8Array | undefined): Tensor {
  const { dtype, shape, byteLength } = head;
  const data = library.TF_TensorData(native);
  if (dtype.number === STRING) {
    const count = elementCount(shape);
    return { kind: "string", dtype, shape, values: data && count > 0 ? readStrings(library, data, count) : [] };
  }
  const bytes = place ?? Buffer.allocUnsafe(byteLength);
  if (bytes.length !== byteLength) throw new Error(`${byteLength} bytes do not fit in a place of ${bytes.length}`);
  if (data && byteLength > 0) library.memcpy(bytes, data, byteLength);
  return { kind: "packed", dtype, shape, data: bytes };
}
