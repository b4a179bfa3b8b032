import type { Tolerance } from "../../config/index.ts";
import { type Classes, isClose } from "../../tensor/index.ts";
import { type Compared, mismatched, WorstRow } from "./compared.ts";

/** Of Classify: scores by label, and whether each example's best label is the same. */
export function compareClasses(one: readonly Classes[], other: readonly Classes[], tolerance: Tolerance): Compared {
  if (one.length !== other.length) return mismatched(`${one.length} and ${other.length} examples`);
  const worst = new WorstRow();
  let maxAbs: number | undefined;
  let isEqual = true;
  let disagreeing = 0;
  for (let row = 0; row < one.length; row++) {
    const left = one[row] as Classes;
    const right = other[row] as Classes;
    const scores = compareScores(left, right, tolerance);
    if (scores.maxAbs !== undefined) maxAbs = Math.max(maxAbs ?? 0, scores.maxAbs);
    if (!scores.isEqual) {
      isEqual = false;
      worst.see(row, scores.maxAbs ?? Number.POSITIVE_INFINITY);
    }
    if (bestLabel(left) !== bestLabel(right)) disagreeing++;
  }
  return { isEqual, maxAbsDifference: maxAbs, rows: one.length, disagreeing, worstRow: worst.row };
}

/** A class without a label is known by its place. */
export function labelOf({ labels }: Classes, i: number): string {
  const label = labels[i];
  return label === undefined || label.length === 0 ? `#${i}` : Buffer.from(label).toString();
}

interface Scores {
  /** The same labels, in any order, with scores within the tolerance. */
  readonly isEqual: boolean;
  /** Of scores that are finite on both sides. */
  readonly maxAbs: number | undefined;
}

function compareScores(one: Classes, other: Classes, tolerance: Tolerance): Scores {
  const others = new Map<string, number>();
  for (const [i, score] of other.scores.entries()) others.set(labelOf(other, i), score);
  let isEqual = one.scores.length === other.scores.length;
  let maxAbs: number | undefined;
  for (const [i, score] of one.scores.entries()) {
    const its = others.get(labelOf(one, i));
    if (its === undefined || !isClose(score, its, tolerance)) isEqual = false;
    const distance = its === undefined ? Number.NaN : Math.abs(score - its);
    if (Number.isFinite(distance)) maxAbs = Math.max(maxAbs ?? 0, distance);
  }
  return { isEqual, maxAbs };
}

function bestLabel(classes: Classes): string {
  let best = 0;
  for (const [i, score] of classes.scores.entries()) if (score > (classes.scores[best] as number)) best = i;
  return labelOf(classes, best);
}
