import { type Bytes, byteLengthOf, InferenceError, joined } from "../../core/index.ts";
import { type DType, dtypeOf, type ValueField } from "../dtype.ts";
import { StringBudget } from "../limits.ts";
import { packedTensor, stringTensor, type Tensor } from "../tensor.ts";
import { decodeFixed, decodePacked, decodeStrings } from "./decode-values.ts";
import { malformed } from "./malformed.ts";
import type { FieldReader } from "./piece-reader.ts";
import { LEN, VARINT, WireReader } from "./reader.ts";
import { MAX_RANK, readShape, type WireShape } from "./shape.ts";

/** `tensorflow.TensorProto`: where each dtype has its values. */
export const VALUE_FIELDS: Readonly<Record<ValueField, number>> = {
  float_val: 5,
  double_val: 6,
  int_val: 7,
  string_val: 8,
  scomplex_val: 9,
  int64_val: 10,
  bool_val: 11,
  dcomplex_val: 12,
  half_val: 13,
  resource_handle_val: 14,
  variant_val: 15,
  uint32_val: 16,
  uint64_val: 17,
  float8_val: 18,
};

/**
 * A few bytes can stand for a huge tensor, as the last value is repeated up to the shape. What is made so may take this
 * much; a tensor that carries all its values is bounded by its message.
 */
const MAX_EXPANDED_BYTES = 256 * 2 ** 20;

/** Bytes of a number on the wire, for the fields that lay numbers down as memory does. */
const AS_IN_MEMORY: Readonly<Partial<Record<ValueField, 4 | 8>>> = {
  float_val: 4,
  double_val: 8,
  scomplex_val: 4,
  dcomplex_val: 8,
};

const EMPTY = new Uint8Array(0);

/** A TensorProto before its values are looked at: those lie in another field for each dtype, in any order. */
interface Header {
  dtype: number;
  readonly shape: WireShape;
  content: Bytes | undefined;
}

/**
 * A `tensorflow.TensorProto`. `tensor_content` is used when it is not empty; else the dtype's value field, whose last
 * value stands for all that the shape wants beyond it, no value for zeros, and whose surplus is dropped. The data is a
 * view of `bytes` where the wire has it as memory does. Throws INVALID_ARGUMENT, and UNIMPLEMENTED for resource and
 * variant.
 */
export function decodeTensor(bytes: Uint8Array): Tensor {
  return readTensor(new WireReader(bytes), new StringBudget());
}

/** As {@link decodeTensor}, from a reader over the message, as a part of a request. */
export function readTensor(reader: FieldReader, budget: StringBudget): Tensor {
  const again = reader.fork();
  const header = readHeader(reader);
  const dtype = knownDtype(header.dtype);
  const shape = checkedShape(header.shape);
  const count = checkedCount(shape);
  if (dtype.name === "string") budget.take(count);
  // TensorFlow looks at no values then.
  if (count === 0) return dtype.name === "string" ? stringTensor(shape, []) : packedTensor(dtype, shape, EMPTY);
  if (header.content !== undefined && byteLengthOf(header.content) > 0) {
    return dtype.name === "string"
      ? stringTensor(shape, stringsOf(joined(header.content), count))
      : packedTensor(dtype, shape, header.content);
  }
  return readValues(again instanceof WireReader ? again : new WireReader(again.rest()), dtype, shape, count);
}

function readHeader(reader: FieldReader): Header {
  const header: Header = { dtype: 0, shape: { dims: [], unknownRank: false }, content: undefined };
  while (reader.next()) {
    if (reader.is(1, VARINT)) header.dtype = reader.int32();
    else if (reader.is(2, LEN)) readShape(reader.message(), header.shape);
    else if (reader.is(4, LEN)) header.content = reader.parts();
    else reader.skip();
  }
  return header;
}

function knownDtype(number: number): DType {
  const dtype = dtypeOf(number);
  // A reference is only found in a graph.
  if (dtype === undefined || number !== dtype.number) throw malformed(`there is no tensor type ${number}`);
  if (dtype.name === "resource" || dtype.name === "variant") {
    throw new InferenceError(
      "UNIMPLEMENTED",
      `a tensor of type ${dtype.name} cannot travel: what it refers to exists only in the process that made it`,
    );
  }
  return dtype;
}

function checkedShape(shape: WireShape): readonly number[] {
  if (shape.unknownRank) throw malformed("a tensor has an unknown rank");
  if (shape.dims.length > MAX_RANK) throw malformed(`a tensor has more than ${MAX_RANK} dimensions`);
  for (const size of shape.dims) {
    if (size < 0) throw malformed(`a tensor has a dimension of size ${size}`);
  }
  return shape.dims;
}

function checkedCount(shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const size of shape) count *= size;
  if (count > Number.MAX_SAFE_INTEGER) throw tooBig(shape);
  return count;
}

function tooBig(shape: readonly number[]): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", `a tensor of shape [${shape.join(",")}] is too big`);
}

function readValues(reader: WireReader, dtype: DType, shape: readonly number[], count: number): Tensor {
  const dataBytes = count * dtype.itemBytes;
  // More values than bytes are only possible by repetition; a byte of the wire can stand for eight of memory.
  if (dataBytes > MAX_EXPANDED_BYTES && dataBytes > (reader.end - reader.pos) * 8) throw tooBig(shape);
  const field = VALUE_FIELDS[dtype.field];
  if (dtype.field === "string_val") return stringTensor(shape, decodeStrings(reader, field, count));
  const wireBytes = AS_IN_MEMORY[dtype.field];
  const data =
    wireBytes === undefined
      ? decodePacked(reader, field, dtype, count)
      : decodeFixed(reader, field, wireBytes, dtype.itemBytes, count);
  return packedTensor(dtype, shape, data);
}

/** A string tensor's content: `count` varint lengths, then the bytes, nothing else. */
function stringsOf(content: Uint8Array, count: number): Uint8Array[] {
  if (count > content.length) throw malformed("a string tensor's content is shorter than its shape says");
  const reader = new WireReader(content);
  const lengths = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    reader.varint();
    lengths[i] = reader.high * 2 ** 32 + reader.low;
  }
  const values: Uint8Array[] = [];
  let at = reader.pos;
  for (const length of lengths) {
    if (length > content.length - at) throw malformed("truncated");
    values.push(content.subarray(at, at + length));
    at += length;
  }
  if (at !== content.length) throw malformed("a string tensor's content is longer than its shape says");
  return values;
}
