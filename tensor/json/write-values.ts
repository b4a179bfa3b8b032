import { InferenceError } from "../../core/index.ts";
import type { DTypeName } from "../dtype.ts";
import { fromSmallFloat } from "../small-float.ts";
import type { PackedTensor, Tensor } from "../tensor.ts";
import type { ByteBuffer } from "./byte-buffer.ts";
import { writeFloat } from "./float-text.ts";
import { newLine } from "./layout.ts";
import { writeInteger, writeInteger64 } from "./write-integer.ts";
import { writeText } from "./write-text.ts";

/** Writes the element of this index; `depth` is how deep in the document it stands. */
export type WriteElement = (out: ByteBuffer, index: number, depth: number) => void;

/**
 * How the elements of a tensor are written. Strings of an output whose name ends in `_bytes` become base64 objects.
 * Throws INVALID_ARGUMENT for a dtype that JSON has no values for.
 */
export function elementWriter(name: string, tensor: Tensor): WriteElement {
  if (tensor.kind === "packed") return numberWriter(tensor);
  const { values } = tensor;
  const asBase64 = name.endsWith("_bytes");
  return asBase64
    ? (out, index, depth) => writeBase64(out, values[index] as Uint8Array, depth)
    : (out, index) => writeText(out, values[index] as Uint8Array);
}

function writeBase64(out: ByteBuffer, value: Uint8Array, depth: number): void {
  out.byte(0x7b);
  newLine(out, depth + 1);
  out.ascii('"b64": "');
  out.raw(new TextEncoder().encode(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")));
  out.byte(0x22);
  newLine(out, depth);
  out.byte(0x7d);
}

/** Element writers over a tensor's memory, by dtype. */
const NUMBERS: Readonly<Partial<Record<DTypeName, (view: DataView) => WriteElement>>> = {
  float: (view) => (out, index) => writeFloat(out, view.getFloat32(index * 4, true), 32),
  double: (view) => (out, index) => writeFloat(out, view.getFloat64(index * 8, true), 64),
  // half, bfloat16 and uint16 go beyond TensorFlow Serving, which has no JSON for them.
  half: (view) => (out, index) => writeFloat(out, fromSmallFloat("half", view.getUint16(index * 2, true)), 16),
  bfloat16: (view) => (out, index) => writeFloat(out, fromSmallFloat("bfloat16", view.getUint16(index * 2, true)), 16),
  int32: (view) => (out, index) => writeInteger(out, view.getInt32(index * 4, true)),
  uint32: (view) => (out, index) => writeInteger(out, view.getUint32(index * 4, true)),
  int16: (view) => (out, index) => writeInteger(out, view.getInt16(index * 2, true)),
  uint16: (view) => (out, index) => writeInteger(out, view.getUint16(index * 2, true)),
  int8: (view) => (out, index) => writeInteger(out, view.getInt8(index)),
  uint8: (view) => (out, index) => writeInteger(out, view.getUint8(index)),
  int64: (view) => (out, index) =>
    writeInteger64(out, view.getUint32(index * 8, true), view.getUint32(index * 8 + 4, true), true),
  uint64: (view) => (out, index) =>
    writeInteger64(out, view.getUint32(index * 8, true), view.getUint32(index * 8 + 4, true), false),
  bool: (view) => (out, index) => out.ascii(view.getUint8(index) === 0 ? "false" : "true"),
};

function numberWriter({ data, dtype }: PackedTensor): WriteElement {
  const create = NUMBERS[dtype.name];
  if (create === undefined) {
    throw new InferenceError("INVALID_ARGUMENT", `Failed to write JSON value for tensor type: ${dtype.name}`);
  }
  return create(new DataView(data.buffer, data.byteOffset, data.byteLength));
}
