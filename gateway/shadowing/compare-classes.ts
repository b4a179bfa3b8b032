import type { Tolerance } from "../../config/index.ts";
import { type Classes, isClose } from "../../tensor/index.ts";
import { type Compared, mismatched } from "./compare-tensors.ts";

const ROWS_AT_ONCE = 256;

/** Of Classify: scores by label, and whether each example's best label is the same. Yields now and then. */
export function* compareClasses(
  one: readonly Classes[],
  other: readonly Classes[],
  tolerance: Tolerance,
): Generator<void, Compared> {
  if (one.length !== other.length) return mismatched(`${one.length} and ${other.length} examples`);
  let maxAbs: number | undefined;
  let isEqual = true;
  let disagreeing = 0;
  let worstRow = 0;
  let worst = -1;
  for (let row = 0; row < one.length; row++) {
    if (row % ROWS_AT_ONCE === 0) yield;
    const [left, right] = [one[row] as Classes, other[row] as Classes];
    const { isClose, distance } = scoresApart(left, right, tolerance);
    const finite = Number.isFinite(distance) ? distance : undefined;
    if (finite !== undefined && (maxAbs === undefined || finite > maxAbs)) maxAbs = finite;
    if (!isClose) isEqual = false;
    if (!isClose && distance > worst) [worstRow, worst] = [row, distance];
    if (bestLabel(left) !== bestLabel(right)) disagreeing++;
  }
  return { isEqual, maxAbsDifference: maxAbs, rows: one.length, disagreeing, worstRow };
}

/** Infinitely, where a label is there on one side only or a score is no number on one side. */
function scoresApart(
  one: Classes,
  other: Classes,
  tolerance: Tolerance,
): { readonly isClose: boolean; readonly distance: number } {
  const scores = new Map<string, number>();
  for (const [i, score] of other.scores.entries()) scores.set(labelOf(other, i), score);
  let distance = one.scores.length === other.scores.length ? 0 : Number.POSITIVE_INFINITY;
  let close = distance === 0;
  for (const [i, score] of one.scores.entries()) {
    const its = scores.get(labelOf(one, i));
    if (its !== undefined && Object.is(its, score)) continue;
    const apart = its === undefined ? Number.POSITIVE_INFINITY : Math.abs(score - its);
    distance = Math.max(distance, Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart);
    if (its === undefined || !isClose(score, its, tolerance)) close = false;
  }
  return { isClose: close, distance };
}

function bestLabel(classes: Classes): string {
  let best = 0;
  for (const [i, score] of classes.scores.entries()) if (score > (classes.scores[best] as number)) best = i;
  return labelOf(classes, best);
}

/** A class without a label is known by its place. */
export function labelOf({ labels }: Classes, i: number): string {
  const label = labels[i];
  return label === undefined || label.length === 0 ? `#${i}` : Buffer.from(label).toString();
}
