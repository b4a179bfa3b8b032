import { InferenceError } from "../../core/index.ts";
import type { DType, DTypeName } from "../dtype.ts";
import { toSmallFloats } from "../small-float.ts";
import { packedTensor, stringTensor, type Tensor } from "../tensor.ts";
import { base64Value, decodeBase64 } from "./base64.ts";
import { OPEN_BRACE, QUOTE, skipValue } from "./cursor.ts";
import { isWhole, readInt64, readNumber } from "./number.ts";
import { jsonType, quoteJson } from "./quote.ts";
import { stringBytes } from "./text.ts";

/** Takes the values of one tensor in their order, from checked JSON. */
export interface Sink {
  readonly bytes: Uint8Array;
  /** Takes the value at `at`, which is no list, and gives where it ends. Throws INVALID_ARGUMENT or UNIMPLEMENTED. */
  take(at: number): number;
  finish(shape: readonly number[]): Tensor;
}

/** `dtype` is undefined for DT_INVALID. */
export function createSink(bytes: Uint8Array, dtype: DType | undefined): Sink {
  if (dtype === undefined) return new NoSink(bytes, dtype);
  const range = RANGES[dtype.name];
  if (range !== undefined) return new NumberSink(bytes, dtype, range);
  if (dtype.name === "int64" || dtype.name === "uint64") return new Int64Sink(bytes, dtype);
  if (dtype.name === "bool") return new BoolSink(bytes, dtype);
  return dtype.name === "string" ? new StringSink(bytes) : new NoSink(bytes, dtype);
}

function typeError(bytes: Uint8Array, at: number, name: string): InferenceError {
  const quoted = `JSON Value: ${quoteJson(bytes, at)} Type: ${jsonType(bytes, at)}`;
  return new InferenceError("INVALID_ARGUMENT", `${quoted} is not of expected type: ${name}`);
}

interface Range {
  readonly whole: boolean;
  readonly from: number;
  readonly to: number;
  readonly toData: (values: Float64Array) => ArrayBufferView;
}

const ANY = { whole: false, from: -Infinity, to: Infinity } as const;
const integers = (from: number, to: number, toData: Range["toData"]): Range => ({ whole: true, from, to, toData });

/** half, bfloat16 and uint16 go beyond TensorFlow Serving, and so does the range check of the 8- and 16-bit integers. */
const RANGES: Readonly<Partial<Record<DTypeName, Range>>> = {
  float: { ...ANY, toData: (values) => new Float32Array(values) },
  double: { ...ANY, toData: (values) => values },
  half: { ...ANY, toData: (values) => toSmallFloats("half", values) },
  bfloat16: { ...ANY, toData: (values) => toSmallFloats("bfloat16", values) },
  int32: integers(-(2 ** 31), 2 ** 31 - 1, (values) => new Int32Array(values)),
  int16: integers(-(2 ** 15), 2 ** 15 - 1, (values) => new Int16Array(values)),
  int8: integers(-128, 127, (values) => new Int8Array(values)),
  uint8: integers(0, 255, (values) => new Uint8Array(values)),
  uint16: integers(0, 2 ** 16 - 1, (values) => new Uint16Array(values)),
  uint32: integers(0, 2 ** 32 - 1, (values) => new Uint32Array(values)),
};

function packed(dtype: DType, shape: readonly number[], data: ArrayBufferView): Tensor {
  return packedTensor(dtype, shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** Numbers that a double holds exactly, or that are rounded from one: kept as doubles, brought to their width at the end. */
class NumberSink implements Sink {
  readonly bytes: Uint8Array;
  private readonly dtype: DType;
  private readonly range: Range;
  private values = new Float64Array(64);
  private count = 0;

  constructor(bytes: Uint8Array, dtype: DType, range: Range) {
    this.bytes = bytes;
    this.dtype = dtype;
    this.range = range;
  }

  take(at: number): number {
    if (this.count === this.values.length) {
      const grown = new Float64Array(this.count * 2);
      grown.set(this.values);
      this.values = grown;
    }
    const end = readNumber(this.bytes, at, this.values, this.count);
    if (end < 0) throw typeError(this.bytes, at, this.dtype.name);
    if (this.range.whole) this.checkInteger(at, end);
    this.count++;
    return end;
  }

  private checkInteger(at: number, end: number): void {
    const value = this.values[this.count] as number;
    const { from, to } = this.range;
    const whole = isWhole(this.bytes, at, end);
    if (whole && value >= from && value <= to) return;
    const error = typeError(this.bytes, at, this.dtype.name);
    if (!whole || to > 2 ** 16) throw error;
    throw new InferenceError("INVALID_ARGUMENT", `${error.message} (${from} to ${to})`);
  }

  finish(shape: readonly number[]): Tensor {
    return packed(this.dtype, shape, this.range.toData(this.values.subarray(0, this.count)));
  }
}

/** Low and high halves, as they lie in memory. */
class Int64Sink implements Sink {
  readonly bytes: Uint8Array;
  private readonly dtype: DType;
  private readonly signed: boolean;
  private halves = new Uint32Array(64);
  private count = 0;

  constructor(bytes: Uint8Array, dtype: DType) {
    this.bytes = bytes;
    this.dtype = dtype;
    this.signed = dtype.name === "int64";
  }

  take(at: number): number {
    if (this.count === this.halves.length) {
      const grown = new Uint32Array(this.count * 2);
      grown.set(this.halves);
      this.halves = grown;
    }
    const end = readInt64(this.bytes, at, this.signed, this.halves, this.count);
    if (end < 0) throw typeError(this.bytes, at, this.dtype.name);
    this.count += 2;
    return end;
  }

  finish(shape: readonly number[]): Tensor {
    return packed(this.dtype, shape, this.halves.subarray(0, this.count));
  }
}

class BoolSink implements Sink {
  readonly bytes: Uint8Array;
  private readonly dtype: DType;
  private values = new Uint8Array(64);
  private count = 0;

  constructor(bytes: Uint8Array, dtype: DType) {
    this.bytes = bytes;
    this.dtype = dtype;
  }

  take(at: number): number {
    if (this.count === this.values.length) {
      const grown = new Uint8Array(this.count * 2);
      grown.set(this.values);
      this.values = grown;
    }
    const type = jsonType(this.bytes, at);
    if (type !== "True" && type !== "False") throw typeError(this.bytes, at, this.dtype.name);
    this.values[this.count++] = type === "True" ? 1 : 0;
    return at + type.length;
  }

  finish(shape: readonly number[]): Tensor {
    return packed(this.dtype, shape, this.values.subarray(0, this.count));
  }
}

class StringSink implements Sink {
  readonly bytes: Uint8Array;
  private readonly values: Uint8Array[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  take(at: number): number {
    const { bytes } = this;
    if (bytes[at] === QUOTE) {
      this.values.push(stringBytes(bytes, at));
      return skipValue(bytes, at);
    }
    if (bytes[at] !== OPEN_BRACE) throw typeError(bytes, at, "string");
    const valueAt = base64Value(bytes, at);
    if (valueAt < 0) {
      const quoted = quoteJson(bytes, at);
      throw new InferenceError("INVALID_ARGUMENT", `JSON Value: ${quoted} not formatted correctly for base64 data`);
    }
    this.values.push(decodeBase64(stringBytes(bytes, valueAt)));
    return skipValue(bytes, at);
  }

  finish(shape: readonly number[]): Tensor {
    return stringTensor(shape, this.values);
  }
}

/** Complex, quantized, 8-bit floats …: JSON has no values of these types. */
class NoSink implements Sink {
  readonly bytes: Uint8Array;
  private readonly dtype: DType | undefined;

  constructor(bytes: Uint8Array, dtype: DType | undefined) {
    this.bytes = bytes;
    this.dtype = dtype;
  }

  take(at: number): number {
    const name = this.dtype?.name ?? "INVALID";
    if (this.bytes[at] === OPEN_BRACE) throw typeError(this.bytes, at, name);
    throw this.unimplemented(quoteJson(this.bytes, at));
  }

  private unimplemented(value: string): InferenceError {
    const name = this.dtype?.name ?? "INVALID";
    return new InferenceError("UNIMPLEMENTED", `Conversion of JSON Value: ${value} to type: ${name}`);
  }

  finish(shape: readonly number[]): Tensor {
    if (this.dtype === undefined || this.dtype.itemBytes === 0) throw this.unimplemented("[]");
    return packedTensor(this.dtype, shape, new Uint8Array(0));
  }
}
