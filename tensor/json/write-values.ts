import { isUtf8 } from "node:buffer";
import { InferenceError } from "../../core/index.ts";
import type { DTypeName } from "../dtype.ts";
import { fromSmallFloat } from "../small-float.ts";
import type { PackedTensor, Tensor } from "../tensor.ts";
import type { ByteBuffer } from "./byte-buffer.ts";
import { writeFloat } from "./float-text.ts";
import { newLine } from "./layout.ts";
import { writeInteger, writeInteger64 } from "./write-integer.ts";
import { writeText } from "./write-text.ts";

/** How answers are written; by default as TensorFlow Serving writes them. */
export interface JsonWriting {
  /**
   * Whether an answer is always JSON (RFC 8259): `NaN` and the infinities become strings, and strings that are not UTF-8
   * base64 objects.
   */
  readonly strict?: boolean;
}

/** Writes the element of this index; `depth` is how deep in the document it stands. */
export type WriteElement = (out: ByteBuffer, index: number, depth: number) => void;

/**
 * How the elements of a tensor are written. Strings of an output whose name ends in `_bytes` become base64 objects.
 * `strict`: see {@link JsonWriting}. The writer throws INVALID_ARGUMENT for a dtype that JSON has no values for.
 */
export function elementWriter(name: string, tensor: Tensor, strict: boolean): WriteElement {
  if (tensor.kind === "packed") return numberWriter(tensor, strict);
  const { values } = tensor;
  const asBase64 = name.endsWith("_bytes");
  return (out, index, depth) => {
    const value = values[index] as Uint8Array;
    if (asBase64) writeBase64(out, value, depth);
    else writeString(out, value, depth, strict);
  };
}

/** As text, or what is no text as a base64 object where the answer has to be JSON. */
export function writeString(out: ByteBuffer, value: Uint8Array, depth: number, strict: boolean): void {
  if (strict && !isUtf8(value)) writeBase64(out, value, depth);
  else writeText(out, value);
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
const NUMBERS: Readonly<Partial<Record<DTypeName, (view: DataView, strict: boolean) => WriteElement>>> = {
  float: (view, strict) => (out, index) => writeFloat(out, view.getFloat32(index * 4, true), 32, strict),
  double: (view, strict) => (out, index) => writeFloat(out, view.getFloat64(index * 8, true), 64, strict),
  // half, bfloat16 and uint16 go beyond TensorFlow Serving, which has no JSON for them.
  half: (view, strict) => (out, index) =>
    writeFloat(out, fromSmallFloat("half", view.getUint16(index * 2, true)), 16, strict),
  bfloat16: (view, strict) => (out, index) =>
    writeFloat(out, fromSmallFloat("bfloat16", view.getUint16(index * 2, true)), 16, strict),
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

function numberWriter({ data, dtype }: PackedTensor, strict: boolean): WriteElement {
  const create = NUMBERS[dtype.name];
  if (create === undefined) {
    // An empty tensor has nothing that cannot be written.
    return () => {
      throw new InferenceError("INVALID_ARGUMENT", `Failed to write JSON value for tensor type: ${dtype.name}`);
    };
  }
  return create(new DataView(data.buffer, data.byteOffset, data.byteLength), strict);
}
