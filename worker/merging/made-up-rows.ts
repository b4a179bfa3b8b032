import {
  type DTypeName,
  elementCount,
  packedTensor,
  type Signature,
  type Tensor,
  type TensorInfo,
} from "../../tensor/index.ts";

/** One row for each input: tensors whose first dimension is 1. */
export type Row = ReadonlyMap<string, Tensor>;

/** What a signature leaves open about its rows. */
export interface Form {
  /** A row's dimensions. */
  readonly inner: (alias: string, info: TensorInfo) => readonly number[];
  /** Integers are drawn from 0 to here: they may be ids of a vocabulary whose size nothing tells. */
  readonly maxInteger: number;
}

/** Sizes for free inner dimensions: short texts, then images that a network's strides do not use up. */
const FREE_SIZES = [4, 32, 128] as const;
const MAX_INTEGERS = [9, 1] as const;

/**
 * Forms that a signature's rows may have, likeliest first: `known` has the dimensions of a row that did run, and inputs
 * whose rank is not told get rows of `unknownRank` - 1 dimensions.
 */
export function formsOf({ inputs }: Signature, unknownRank: number, known: Row | undefined): readonly Form[] {
  const infos = [...inputs.values()];
  const hasFree = infos.some(({ shape }) => shape?.slice(1).includes(-1) ?? unknownRank > 1);
  const hasIntegers = infos.some(({ dtype }) => dtype !== undefined && dtype.name in INTEGERS);
  const sized = (free: number): Form["inner"] => {
    const unknown = Array.from({ length: unknownRank - 1 }, () => free);
    return (_alias, { shape }) => shape?.slice(1).map((size) => (size === -1 ? free : size)) ?? unknown;
  };
  const inners = (hasFree ? FREE_SIZES : FREE_SIZES.slice(0, 1)).map(sized);
  if (known !== undefined) inners.unshift((alias) => known.get(alias)?.shape.slice(1) ?? []);
  const maxima = hasIntegers ? MAX_INTEGERS : MAX_INTEGERS.slice(0, 1);
  return inners.flatMap((inner) => maxima.map((maxInteger) => ({ inner, maxInteger })));
}

/** The input of a signature that no row can be made up for, if there is one. */
export function unmakeableInput({ inputs }: Signature): string | undefined {
  for (const [alias, { dtype }] of inputs) {
    if (dtype === undefined || !(dtype.name in INTEGERS || dtype.name in FLOATS)) {
      return `no rows of ${dtype?.name ?? "no dtype"} can be made up for input "${alias}"`;
    }
  }
  return undefined;
}

/** Bytes of one row. */
export function rowBytes({ inputs }: Signature, { inner }: Form): number {
  let bytes = 0;
  for (const [alias, info] of inputs) bytes += elementCount(inner(alias, info)) * (info.dtype?.itemBytes ?? 0);
  return bytes;
}

/**
 * Rows that differ from each other in more than one way, so that what looks at a whole batch (its mean, its greatest, its
 * order) sees another batch in every company. The same ones each time.
 */
export function madeUpRows(signature: Signature, form: Form, count: number): readonly Row[] {
  const random = randomNumbers(0x7e57ed);
  return Array.from({ length: count }, (_, row) => {
    const tensors = new Map<string, Tensor>();
    for (const [alias, info] of signature.inputs)
      tensors.set(alias, madeUp(info, form.inner(alias, info), row, form, random));
    return tensors;
  });
}

type Random = () => number;
type Store = (view: DataView, at: number, value: number) => void;

const INTEGERS: Readonly<Partial<Record<DTypeName, Store>>> = {
  bool: (view, at, value) => view.setUint8(at, value % 2),
  int8: (view, at, value) => view.setInt8(at, value),
  uint8: (view, at, value) => view.setUint8(at, value),
  int16: (view, at, value) => view.setInt16(at, value, true),
  uint16: (view, at, value) => view.setUint16(at, value, true),
  int32: (view, at, value) => view.setInt32(at, value, true),
  uint32: (view, at, value) => view.setUint32(at, value, true),
  int64: (view, at, value) => view.setBigInt64(at, BigInt(value), true),
  uint64: (view, at, value) => view.setBigUint64(at, BigInt(value), true),
};

const FLOATS: Readonly<Partial<Record<DTypeName, Store>>> = {
  float: (view, at, value) => view.setFloat32(at, value, true),
  double: (view, at, value) => view.setFloat64(at, value, true),
  // Any mantissa will do: numbers from 0.5 to 1, with the sign of the value.
  half: (view, at, value) => view.setUint16(at, sign(value) | 0x3800 | mantissa(value, 10), true),
  bfloat16: (view, at, value) => view.setUint16(at, sign(value) | 0x3f00 | mantissa(value, 7), true),
  complex64: (view, at, value) => {
    view.setFloat32(at, value, true);
    view.setFloat32(at + 4, value / 2 - 1, true);
  },
  complex128: (view, at, value) => {
    view.setFloat64(at, value, true);
    view.setFloat64(at + 8, value / 2 - 1, true);
  },
};

/** By row: pixels scaled down, numbers around 0, pixels as they are, numbers further apart. */
const FLOAT_OF: readonly ((random: number) => number)[] = [
  (random) => random,
  (random) => 2 * random - 1,
  (random) => Math.floor(256 * random),
  (random) => 6 * random - 3,
];

function madeUp(
  { dtype }: TensorInfo,
  inner: readonly number[],
  row: number,
  { maxInteger }: Form,
  random: Random,
): Tensor {
  if (dtype === undefined) throw new TypeError("a row of no dtype cannot be made up");
  const count = elementCount(inner);
  const data = new Uint8Array(count * dtype.itemBytes);
  const view = new DataView(data.buffer);
  const storeInteger = INTEGERS[dtype.name];
  const storeFloat = FLOATS[dtype.name];
  const floatOf = FLOAT_OF[row % FLOAT_OF.length] as (random: number) => number;
  for (let i = 0; i < count; i++) {
    const at = i * dtype.itemBytes;
    // The first of each row is another one: a row may be no more than that.
    const integer = i === 0 ? row % (maxInteger + 1) : Math.floor(random() * (maxInteger + 1));
    if (storeInteger !== undefined) storeInteger(view, at, integer);
    else storeFloat?.(view, at, floatOf(random()));
  }
  return packedTensor(dtype, [1, ...inner], data);
}

function sign(value: number): number {
  return value < 0 ? 0x8000 : 0;
}

function mantissa(value: number, bits: number): number {
  return Math.floor((Math.abs(value) * 0x9e37) % 2 ** bits);
}

/** Mulberry32: from 0 to 1, without 1. */
function randomNumbers(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
