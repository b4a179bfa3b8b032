import { InferenceError } from "../../core/index.ts";
import type { DType, DTypeName } from "../dtype.ts";
import { toSmallFloats } from "../small-float.ts";
import { packedTensor, type Tensor } from "../tensor.ts";
import { isWhole, readNumber } from "./number.ts";
import { bytesOf, joined, type Sink, typeError } from "./sink.ts";

export interface Range {
  readonly whole: boolean;
  readonly from: number;
  readonly to: number;
  readonly toData: (values: Float64Array) => ArrayBufferView;
}

const ANY = { whole: false, from: -Infinity, to: Infinity } as const;
const integers = (from: number, to: number, toData: Range["toData"]): Range => ({ whole: true, from, to, toData });

/** half, bfloat16 and uint16 go beyond TensorFlow Serving, and so does the range check of the 8- and 16-bit integers. */
export const RANGES: Readonly<Partial<Record<DTypeName, Range>>> = {
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

/** Numbers read before they are brought to their width: it keeps a long list from taking eight bytes for each of its numbers. */
const CHUNK = 2 ** 15;

/** Numbers that a double holds exactly, or that are rounded from one: read as doubles, then brought to their width. */
export class NumberSink implements Sink {
  readonly bytes: Uint8Array;
  private readonly dtype: DType;
  private readonly range: Range;
  private values = new Float64Array(8);
  private count = 0;
  private readonly full: Uint8Array[] = [];

  constructor(bytes: Uint8Array, dtype: DType, range: Range) {
    this.bytes = bytes;
    this.dtype = dtype;
    this.range = range;
  }

  take(at: number): number {
    if (this.count === this.values.length) this.makeRoom();
    const end = readNumber(this.bytes, at, this.values, this.count);
    if (end < 0) throw typeError(this.bytes, at, this.dtype.name);
    if (this.range.whole) this.checkInteger(at, end);
    this.count++;
    return end;
  }

  takePacked(data: Uint8Array): void {
    this.flush();
    this.full.push(data);
  }

  private flush(): void {
    if (this.count > 0) this.full.push(bytesOf(this.range.toData(this.values.slice(0, this.count))));
    this.count = 0;
  }

  private makeRoom(): void {
    if (this.count === CHUNK) return this.flush();
    const grown = new Float64Array(this.count * 2);
    grown.set(this.values);
    this.values = grown;
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
    this.flush();
    return packedTensor(this.dtype, shape, joined(this.full));
  }
}
