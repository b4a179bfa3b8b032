import { fromSmallFloat } from "./small-float.ts";
import type { PackedTensor, StringTensor, Tensor } from "./tensor.ts";

/** How far apart two floats may lie and still count as equal; either bound is enough. */
export interface FloatTolerance {
  /** Of the larger of the two. */
  readonly relative: number;
  readonly absolute: number;
}

type Tensors = ReadonlyMap<string, Tensor>;

/**
 * What tells two sets of tensors apart, for a person; undefined when nothing does. Names, dtypes, shapes, strings and whole
 * numbers have to be the same, floats within the tolerance; NaN is equal to NaN.
 */
export function difference(one: Tensors, other: Tensors, tolerance: FloatTolerance): string | undefined {
  const stray = [...one.keys()].find((name) => !other.has(name)) ?? [...other.keys()].find((name) => !one.has(name));
  if (stray !== undefined) return `"${stray}" is on one side only`;
  for (const [name, tensor] of one) {
    const found = tensorDifference(tensor, other.get(name) as Tensor, tolerance);
    if (found !== undefined) return `"${name}" differs: ${found}`;
  }
  return undefined;
}

function tensorDifference(one: Tensor, other: Tensor, tolerance: FloatTolerance): string | undefined {
  if (one.dtype !== other.dtype) return `${one.dtype.name} and ${other.dtype.name}`;
  if (one.shape.length !== other.shape.length || one.shape.some((size, i) => size !== other.shape[i])) {
    return `shape [${one.shape.join(",")}] and [${other.shape.join(",")}]`;
  }
  if (one.kind === "string") return stringDifference(one, other as StringTensor);
  return packedDifference(one, other as PackedTensor, tolerance);
}

function stringDifference({ values }: StringTensor, other: StringTensor): string | undefined {
  const at = values.findIndex((value, i) => Buffer.compare(value, other.values[i] as Uint8Array) !== 0);
  return at < 0 ? undefined : `another string at ${at}`;
}

type Load = (view: DataView, at: number) => number;

/** Of the floats that runs of other sizes may round otherwise; all other dtypes are compared bit by bit. */
const FLOATS: Readonly<Partial<Record<string, { readonly bytes: number; readonly load: Load }>>> = {
  float: { bytes: 4, load: (view, at) => view.getFloat32(at, true) },
  double: { bytes: 8, load: (view, at) => view.getFloat64(at, true) },
  complex64: { bytes: 4, load: (view, at) => view.getFloat32(at, true) },
  complex128: { bytes: 8, load: (view, at) => view.getFloat64(at, true) },
  half: { bytes: 2, load: (view, at) => fromSmallFloat("half", view.getUint16(at, true)) },
  bfloat16: { bytes: 2, load: (view, at) => fromSmallFloat("bfloat16", view.getUint16(at, true)) },
};

function packedDifference(one: PackedTensor, other: PackedTensor, tolerance: FloatTolerance): string | undefined {
  if (Buffer.compare(one.data, other.data) === 0) return undefined;
  const float = FLOATS[one.dtype.name];
  if (float === undefined) return "other values";
  const [left, right] = [viewOf(one.data), viewOf(other.data)];
  for (let at = 0; at < one.data.length; at += float.bytes) {
    const [a, b] = [float.load(left, at), float.load(right, at)];
    if (!isClose(a, b, tolerance)) return `${a} and ${b} at ${at / float.bytes}`;
  }
  return undefined;
}

/** Infinities are close to themselves only. */
export function isClose(one: number, other: number, { relative, absolute }: FloatTolerance): boolean {
  if (one === other || (Number.isNaN(one) && Number.isNaN(other))) return true;
  const apart = Math.abs(one - other);
  return Number.isFinite(apart) && apart <= Math.max(absolute, relative * Math.max(Math.abs(one), Math.abs(other)));
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
