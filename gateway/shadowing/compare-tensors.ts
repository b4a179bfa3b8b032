import type { Tolerance } from "../../config/index.ts";
import { elementCount, isClose, type PackedTensor, type StringTensor, type Tensor } from "../../tensor/index.ts";
import { type NumberReading, readingOf } from "./numbers.ts";

/** How an output of a copy's answer differs from the caller's. */
export interface Compared {
  /** Within the tolerance. */
  readonly isEqual: boolean;
  /** Why nothing in them can be compared: another dtype, another shape, there on one side only. */
  readonly mismatch?: string;
  /** Of numbers that are finite on both sides; undefined where there are none. */
  readonly maxAbsDifference: number | undefined;
  /**
   * A row is what lies along the last axis, and an element where there are fewer than two. It agrees when its largest number stands
   * at the same index on both sides: the class, where outputs are scores. Of rows that are no scores (one number, booleans, complex
   * numbers, texts) all has to be equal.
   */
  readonly rows: number;
  readonly disagreeing: number;
  /** The row of the largest difference, or else the first one that differs. */
  readonly worstRow: number;
}

/** So much is compared between two looks at the clock. */
const ELEMENTS_AT_ONCE = 8192;

/** Yields now and then, so that whoever runs it may do something else. */
export function* compareTensors(one: Tensor, other: Tensor, tolerance: Tolerance): Generator<void, Compared> {
  if (one.dtype !== other.dtype) return mismatched(`dtype ${one.dtype.name} and ${other.dtype.name}`);
  if (one.shape.length !== other.shape.length || one.shape.some((size, i) => size !== other.shape[i])) {
    return mismatched(`shape [${one.shape.join(",")}] and [${other.shape.join(",")}]`);
  }
  if (one.kind === "string") return yield* compareTexts(one, other as StringTensor);
  const reading = readingOf(one.dtype.name);
  const right = other as PackedTensor;
  if (Buffer.compare(one.data, right.data) === 0) {
    return { isEqual: true, maxAbsDifference: reading && 0, rows: rowCount(one), disagreeing: 0, worstRow: 0 };
  }
  return yield* reading === undefined ? compareBytes(one, right) : compareNumbers(one, right, reading, tolerance);
}

export function mismatched(mismatch: string): Compared {
  return { isEqual: false, mismatch, maxAbsDifference: undefined, rows: 0, disagreeing: 0, worstRow: 0 };
}

/** How many elements a row has. */
export function rowLength({ shape }: Tensor): number {
  return shape.length < 2 ? 1 : (shape.at(-1) as number);
}

function rowCount(tensor: Tensor): number {
  const elements = elementCount(tensor.shape);
  return elements === 0 ? 0 : elements / rowLength(tensor);
}

function* compareNumbers(
  one: PackedTensor,
  other: PackedTensor,
  { bytes, perElement, isFloat, load, apart }: NumberReading,
  tolerance: Tolerance,
): Generator<void, Compared> {
  const [left, right] = [viewOf(one.data), viewOf(other.data)];
  const length = rowLength(one) * perElement;
  const isScores = perElement === 1 && length > 1;
  const total = one.data.length / bytes;
  const worst = new Worst();
  let maxAbs: number | undefined;
  let isEqual = true;
  let disagreeing = 0;
  let done = 0;
  for (let row = 0; done < total; row++) {
    let [best, otherBest] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    let [bestAt, otherBestAt] = [0, 0];
    let rowIsEqual = true;
    for (let i = 0; i < length; i++, done++) {
      if (done % ELEMENTS_AT_ONCE === 0) yield;
      const at = done * bytes;
      const [a, b] = [load(left, at), load(right, at)];
      const distance = apart === undefined ? Math.abs(a - b) : apart(left, right, at);
      // An infinity is at no distance from itself, and a number that is none from another such.
      const isFinite = Number.isFinite(distance);
      if (isFinite && (maxAbs === undefined || distance > maxAbs)) maxAbs = distance;
      if (distance !== 0 && !(isFloat && isClose(a, b, tolerance))) {
        rowIsEqual = false;
        worst.see(row, isFinite ? distance : Number.POSITIVE_INFINITY);
      }
      // As TensorFlow's ArgMax: of equals the first.
      if (a > best) [best, bestAt] = [a, i];
      if (b > otherBest) [otherBest, otherBestAt] = [b, i];
    }
    if (!rowIsEqual) isEqual = false;
    if (isScores ? bestAt !== otherBestAt : !rowIsEqual) disagreeing++;
  }
  return { isEqual, maxAbsDifference: maxAbs, rows: rowCount(one), disagreeing, worstRow: worst.row };
}

/** Of a dtype whose values have no distance. */
function compareBytes(one: PackedTensor, other: PackedTensor): Generator<void, Compared> {
  const { itemBytes } = one.dtype;
  return compareElements(one, (i) => {
    const at = i * itemBytes;
    return Buffer.compare(one.data.subarray(at, at + itemBytes), other.data.subarray(at, at + itemBytes)) === 0;
  });
}

function compareTexts(one: StringTensor, other: StringTensor): Generator<void, Compared> {
  return compareElements(one, (i) => {
    return Buffer.compare(one.values[i] as Uint8Array, other.values[i] as Uint8Array) === 0;
  });
}

function* compareElements(one: Tensor, isSame: (i: number) => boolean): Generator<void, Compared> {
  const total = elementCount(one.shape);
  const length = rowLength(one);
  const worst = new Worst();
  let disagreeing = 0;
  let last = -1;
  for (let i = 0; i < total; i++) {
    if (i % ELEMENTS_AT_ONCE === 0) yield;
    if (isSame(i)) continue;
    const row = Math.floor(i / length);
    if (row !== last) disagreeing++;
    last = row;
    worst.see(row, Number.POSITIVE_INFINITY);
  }
  const isEqual = disagreeing === 0;
  return { isEqual, maxAbsDifference: undefined, rows: rowCount(one), disagreeing, worstRow: worst.row };
}

class Worst {
  row = 0;
  #distance = -1;

  see(row: number, distance: number): void {
    if (distance > this.#distance) [this.row, this.#distance] = [row, distance];
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
