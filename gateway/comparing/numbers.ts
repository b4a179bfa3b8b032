import { type DTypeName, fromSmallFloat } from "../../tensor/index.ts";

/** How the elements of a dtype are read as numbers. */
export interface NumberReading {
  /** Of one number; a complex element is two of them. */
  readonly bytes: number;
  readonly perElement: 1 | 2;
  /** Of floats a tolerance forgives small differences. */
  readonly isFloat: boolean;
  readonly load: (view: DataView, at: number) => number;
  /** How far apart two numbers are, of those that a double does not hold exactly. */
  readonly apart?: (one: DataView, other: DataView, at: number) => number;
}

const TWO_32 = 2 ** 32;

const I8 = whole(1, (view, at) => view.getInt8(at));
const U8 = whole(1, (view, at) => view.getUint8(at));
const I16 = whole(2, (view, at) => view.getInt16(at, true));
const U16 = whole(2, (view, at) => view.getUint16(at, true));
const I32 = whole(4, (view, at) => view.getInt32(at, true));
const U32 = whole(4, (view, at) => view.getUint32(at, true));
const F32 = float(4, (view, at) => view.getFloat32(at, true));
const F64 = float(8, (view, at) => view.getFloat64(at, true));
const I64 = long((view, at) => view.getInt32(at, true));
const U64 = long((view, at) => view.getUint32(at, true));

/** Numbers that have an order or a distance; all other dtypes (bool, 8- and 4-bit floats, strings) are equal or not. */
const READINGS: Readonly<Partial<Record<DTypeName, NumberReading>>> = {
  float: F32,
  double: F64,
  half: float(2, (view, at) => fromSmallFloat("half", view.getUint16(at, true))),
  bfloat16: float(2, (view, at) => fromSmallFloat("bfloat16", view.getUint16(at, true))),
  complex64: { ...F32, perElement: 2 },
  complex128: { ...F64, perElement: 2 },
  int8: I8,
  int4: I8,
  int2: I8,
  qint8: I8,
  uint8: U8,
  uint4: U8,
  uint2: U8,
  quint8: U8,
  int16: I16,
  qint16: I16,
  uint16: U16,
  quint16: U16,
  int32: I32,
  qint32: I32,
  uint32: U32,
  int64: I64,
  uint64: U64,
};

/** Undefined for what is no number. */
export function readingOf(dtype: DTypeName): NumberReading | undefined {
  return READINGS[dtype];
}

type Load = NumberReading["load"];

function whole(bytes: number, load: Load): NumberReading {
  return { bytes, perElement: 1, isFloat: false, load };
}

function float(bytes: number, load: Load): NumberReading {
  return { bytes, perElement: 1, isFloat: true, load };
}

/** 64 bits, by their halves: BigInts would cost an object each. */
function long(high: Load): NumberReading {
  return {
    ...whole(8, (view, at) => high(view, at + 4) * TWO_32 + view.getUint32(at, true)),
    apart: (one, other, at) =>
      Math.abs(
        (high(one, at + 4) - high(other, at + 4)) * TWO_32 + (one.getUint32(at, true) - other.getUint32(at, true)),
      ),
  };
}
