import type { Tolerance } from "../../config/index.ts";
import { elementCount, isClose, type PackedTensor, type StringTensor, type Tensor } from "../../tensor/index.ts";
import { type Compared, mismatched, WorstRow } from "./compared.ts";
import { type NumberReading, readingOf } from "./numbers.ts";

export function compareTensors(one: Tensor, other: Tensor, tolerance: Tolerance): Compared {
  if (one.dtype !== other.dtype) return mismatched(`dtype ${one.dtype.name} and ${other.dtype.name}`);
  if (one.shape.length !== other.shape.length || one.shape.some((size, i) => size !== other.shape[i])) {
    return mismatched(`shape [${one.shape.join(",")}] and [${other.shape.join(",")}]`);
  }
  if (one.kind === "string") return compareTexts(one, other as StringTensor);
  const right = other as PackedTensor;
  const reading = readingOf(one.dtype.name);
  if (Buffer.compare(one.data, right.data) === 0) {
    return { isEqual: true, maxAbsDifference: reading && 0, rows: rowCount(one), disagreeing: 0, worstRow: 0 };
  }
  return reading === undefined ? compareBytes(one, right) : compareNumbers(one, right, reading, tolerance);
}

/** How many elements a row has. */
export function rowLength({ shape }: Tensor): number {
  return shape.length < 2 ? 1 : (shape.at(-1) as number);
}

function rowCount(tensor: Tensor): number {
  const elements = elementCount(tensor.shape);
  return elements === 0 ? 0 : elements / rowLength(tensor);
}

function compareNumbers(
  one: PackedTensor,
  other: PackedTensor,
  { bytes, perElement, isFloat, load, apart }: NumberReading,
  tolerance: Tolerance,
): Compared {
  const left = viewOf(one.data);
  const right = viewOf(other.data);
  const rows = rowCount(one);
  const length = rowLength(one) * perElement;
  const isScores = perElement === 1 && length > 1;
  const worst = new WorstRow();
  let maxAbs: number | undefined;
  let isEqual = true;
  let disagreeing = 0;
  let at = 0;
  for (let row = 0; row < rows; row++) {
    let best = Number.NEGATIVE_INFINITY;
    let otherBest = Number.NEGATIVE_INFINITY;
    let bestAt = 0;
    let otherBestAt = 0;
    let rowIsEqual = true;
    for (let i = 0; i < length; i++, at += bytes) {
      const a = load(left, at);
      const b = load(right, at);
      // Of an infinity and itself, or of what is no number, it is none.
      const distance = apart === undefined ? Math.abs(a - b) : apart(left, right, at);
      const isFinite = Number.isFinite(distance);
      if (isFinite && (maxAbs === undefined || distance > maxAbs)) maxAbs = distance;
      if (distance !== 0 && !(isFloat && isClose(a, b, tolerance))) {
        rowIsEqual = false;
        worst.see(row, isFinite ? distance : Number.POSITIVE_INFINITY);
      }
      // As TensorFlow's ArgMax: the first of several.
      if (a > best) {
        best = a;
        bestAt = i;
      }
      if (b > otherBest) {
        otherBest = b;
        otherBestAt = i;
      }
    }
    if (!rowIsEqual) isEqual = false;
    if (isScores ? bestAt !== otherBestAt : !rowIsEqual) disagreeing++;
  }
  return { isEqual, maxAbsDifference: maxAbs, rows, disagreeing, worstRow: worst.row };
}

/** Of a dtype whose values have no distance. */
function compareBytes(one: PackedTensor, other: PackedTensor): Compared {
  const { itemBytes } = one.dtype;
  return compareElements(one, (i) => {
    const at = i * itemBytes;
    return Buffer.compare(one.data.subarray(at, at + itemBytes), other.data.subarray(at, at + itemBytes)) === 0;
  });
}

function compareTexts(one: StringTensor, other: StringTensor): Compared {
  return compareElements(one, (i) => {
    return Buffer.compare(one.values[i] as Uint8Array, other.values[i] as Uint8Array) === 0;
  });
}

function compareElements(one: Tensor, isSame: (i: number) => boolean): Compared {
  const rows = rowCount(one);
  const length = rowLength(one);
  const worst = new WorstRow();
  let disagreeing = 0;
  for (let row = 0; row < rows; row++) {
    let i = row * length;
    const end = i + length;
    while (i < end && isSame(i)) i++;
    if (i === end) continue;
    disagreeing++;
    worst.see(row, Number.POSITIVE_INFINITY);
  }
  return { isEqual: disagreeing === 0, maxAbsDifference: undefined, rows, disagreeing, worstRow: worst.row };
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
