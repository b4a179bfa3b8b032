import { byteLengthOf, InferenceError, piecesOf } from "../../core/index.ts";
import type { DType } from "../dtype.ts";
import type { PackedTensor, StringTensor, Tensor } from "../tensor.ts";
import { VALUE_FIELDS } from "./decode-tensor.ts";
import { LEN, VARINT, viewOf } from "./reader.ts";
import { shapeSize, writeShape } from "./shape.ts";
import { fieldSize, putVarint, varintSize, WireWriter } from "./writer.ts";

/**
 * Where the numbers go: `typed` = the dtype's value field, which TensorFlow Serving answers with and which every client
 * reads; `content` = `tensor_content`, one copy of memory. Strings take `string_val` in both.
 */
export type TensorForm = "typed" | "content";

const TENSOR_CONTENT = 4;

export function encodeTensor(tensor: Tensor, options: { readonly form: TensorForm }): Uint8Array {
  const size = tensorSize(tensor, options.form);
  const writer = new WireWriter(size);
  writeTensor(writer, tensor, options.form);
  return writer.finish();
}

/** Bytes of the TensorProto, without its own tag and length. */
export function tensorSize(tensor: Tensor, form: TensorForm): number {
  // The field numbers of dtype and shape are below 16; every known dtype is below 128.
  const head = 2 + fieldSize(shapeSize(tensor.shape));
  if (tensor.kind === "string") return head + stringsSize(tensor);
  const bytes = form === "content" ? byteLengthOf(tensor.pieces ?? tensor.data) : packedSize(tensor);
  return head + (bytes === 0 ? 0 : fieldSize(bytes) + (wideTag(tensor.dtype, form) ? 1 : 0));
}

/** As {@link writeTensor} in `content`, but that numbers are kept where they lie: see `finishPieces`. */
export function writeKept(writer: WireWriter, tensor: Tensor): void {
  if (tensor.kind === "string") return writeTensor(writer, tensor, "content");
  const data = tensor.pieces ?? tensor.data;
  writeHead(writer, tensor.dtype, tensor.shape);
  const bytes = byteLengthOf(data);
  if (bytes === 0) return;
  writer.tag(TENSOR_CONTENT, LEN);
  writer.varint(bytes);
  for (const piece of piecesOf(data)) writer.keep(piece);
}

export function writeTensor(writer: WireWriter, tensor: Tensor, form: TensorForm): void {
  writeHead(writer, tensor.dtype, tensor.shape);
  if (tensor.kind === "string") {
    for (const value of tensor.values) writer.lengthDelimited(VALUE_FIELDS.string_val, value);
  } else if (tensor.data.length > 0) {
    if (form === "content") writer.lengthDelimited(TENSOR_CONTENT, tensor.data);
    else writePacked(writer, tensor);
  }
}

/** What is known of a tensor of numbers before its values are there. */
export type TensorHead = Pick<PackedTensor, "dtype" | "shape"> & { readonly byteLength: number };

/** Whether values go into a message as they lie in memory, so that there is a place for them before they are there. */
export function liesAsInMemory(dtype: DType, form: TensorForm): boolean {
  return dtype.itemBytes > 0 && (form === "content" || LOADS[dtype.name] === undefined);
}

/** Bytes of the TensorProto of values that lie as in memory. */
export function headedSize({ dtype, shape, byteLength }: TensorHead, form: TensorForm): number {
  const values = byteLength === 0 ? 0 : fieldSize(byteLength) + (wideTag(dtype, form) ? 1 : 0);
  return 2 + fieldSize(shapeSize(shape)) + values;
}

/** All of the TensorProto but the values, which lie as in memory; answers where in the message they are to be put. */
export function writeHeaded(writer: WireWriter, { dtype, shape, byteLength }: TensorHead, form: TensorForm): number {
  writeHead(writer, dtype, shape);
  if (byteLength === 0) return writer.length;
  writer.tag(form === "content" ? TENSOR_CONTENT : VALUE_FIELDS[dtype.field], LEN);
  writer.varint(byteLength);
  return writer.take(byteLength);
}

function writeHead(writer: WireWriter, dtype: DType, shape: readonly number[]): void {
  writer.tag(1, VARINT);
  writer.varint(dtype.number);
  writer.tag(2, LEN);
  writer.varint(shapeSize(shape));
  writeShape(writer, shape);
}

/** A field from 16 up has a tag of two bytes. */
function wideTag(dtype: DType, form: TensorForm): boolean {
  return form === "typed" && VALUE_FIELDS[dtype.field] > 15;
}

function stringsSize(tensor: StringTensor): number {
  let bytes = 0;
  for (const value of tensor.values) bytes += fieldSize(value.length);
  return bytes;
}

/** How an element of `data` becomes a varint; undefined where the wire has it as memory does. */
type Load = (view: DataView, at: number) => void;
let low = 0;
let high = 0;

const signed = (value: number): void => {
  low = value >>> 0;
  high = value < 0 ? 0xffffffff : 0;
};
const unsigned = (value: number): void => {
  low = value;
  high = 0;
};

const LOADS: Readonly<Partial<Record<DType["name"], Load>>> = {
  int32: (view, at) => signed(view.getInt32(at, true)),
  qint32: (view, at) => signed(view.getInt32(at, true)),
  int16: (view, at) => signed(view.getInt16(at, true)),
  qint16: (view, at) => signed(view.getInt16(at, true)),
  int8: (view, at) => signed(view.getInt8(at)),
  qint8: (view, at) => signed(view.getInt8(at)),
  int4: (view, at) => signed(view.getInt8(at)),
  int2: (view, at) => signed(view.getInt8(at)),
  uint8: (view, at) => unsigned(view.getUint8(at)),
  quint8: (view, at) => unsigned(view.getUint8(at)),
  uint4: (view, at) => unsigned(view.getUint8(at)),
  uint2: (view, at) => unsigned(view.getUint8(at)),
  uint16: (view, at) => unsigned(view.getUint16(at, true)),
  quint16: (view, at) => unsigned(view.getUint16(at, true)),
  half: (view, at) => unsigned(view.getUint16(at, true)),
  bfloat16: (view, at) => unsigned(view.getUint16(at, true)),
  uint32: (view, at) => unsigned(view.getUint32(at, true)),
  bool: (view, at) => unsigned(view.getUint8(at) === 0 ? 0 : 1),
  int64: (view, at) => wide(view, at),
  uint64: (view, at) => wide(view, at),
};

function wide(view: DataView, at: number): void {
  low = view.getUint32(at, true);
  high = view.getUint32(at + 4, true);
}

/** Bytes of the value field's content. */
function packedSize(tensor: PackedTensor): number {
  const load = LOADS[tensor.dtype.name];
  if (load === undefined) return tensor.data.length;
  const view = viewOf(tensor.data);
  let bytes = 0;
  for (let at = 0; at < view.byteLength; at += tensor.dtype.itemBytes) {
    load(view, at);
    bytes += varintSize(low, high);
  }
  return bytes;
}

function writePacked(writer: WireWriter, tensor: PackedTensor): void {
  const { dtype, data } = tensor;
  const load = LOADS[dtype.name];
  if (load === undefined) {
    if (dtype.itemBytes === 0)
      throw new InferenceError("UNIMPLEMENTED", `a tensor of type ${dtype.name} cannot travel`);
    writer.lengthDelimited(VALUE_FIELDS[dtype.field], data);
    return;
  }
  const size = packedSize(tensor);
  writer.tag(VALUE_FIELDS[dtype.field], LEN);
  writer.varint(size);
  let to = writer.take(size);
  const view = viewOf(data);
  for (let at = 0; at < view.byteLength; at += dtype.itemBytes) {
    load(view, at);
    to = putVarint(writer.bytes, to, low, high);
  }
}
