import { InferenceError } from "../../core/index.ts";
import type { DType } from "../dtype.ts";
import { packedTensor, stringTensor, type Tensor } from "../tensor.ts";
import { base64Value, decodeBase64 } from "./base64.ts";
import { OPEN_BRACE, QUOTE, skipValue } from "./cursor.ts";
import { readInt64 } from "./number.ts";
import { NumberSink, RANGES } from "./number-sink.ts";
import { jsonType, quoteJson } from "./quote.ts";
import { bytesOf, joined, type Sink, typeError } from "./sink.ts";
import type { Source } from "./source.ts";
import { stringBytes } from "./text.ts";

/** `dtype` is undefined for DT_INVALID. */
export function createSink(source: Source, dtype: DType | undefined): Sink {
  const { bytes } = source;
  if (dtype === undefined) return new NoSink(bytes, dtype);
  const range = RANGES[dtype.name];
  if (range !== undefined) return new NumberSink(bytes, dtype, range);
  if (dtype.name === "int64" || dtype.name === "uint64") return new Int64Sink(bytes, dtype);
  if (dtype.name === "bool") return new BoolSink(bytes, dtype);
  return dtype.name === "string" ? new StringSink(source) : new NoSink(bytes, dtype);
}

/** Low and high halves, as they lie in memory. */
class Int64Sink implements Sink {
  readonly bytes: Uint8Array;
  private readonly dtype: DType;
  private readonly signed: boolean;
  private halves = new Uint32Array(16);
  private count = 0;
  private readonly full: Uint8Array[] = [];

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

  takePacked(data: Uint8Array): void {
    this.flush();
    this.full.push(data);
  }

  private flush(): void {
    if (this.count > 0) this.full.push(bytesOf(this.halves.slice(0, this.count)));
    this.count = 0;
  }

  finish(shape: readonly number[]): Tensor {
    this.flush();
    return packedTensor(this.dtype, shape, joined(this.full));
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
    return packedTensor(this.dtype, shape, this.values.subarray(0, this.count));
  }
}

class StringSink implements Sink {
  readonly bytes: Uint8Array;
  private readonly source: Source;
  private readonly values: Uint8Array[] = [];

  constructor(source: Source) {
    this.bytes = source.bytes;
    this.source = source;
  }

  take(at: number): number {
    const { bytes, budget, urlSafeBase64 } = this.source;
    budget.take(1);
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
    this.values.push(decodeBase64(stringBytes(bytes, valueAt), urlSafeBase64));
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
