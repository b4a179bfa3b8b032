/** How an output of one answer differs from that of another. */
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
   * numbers, texts) all has to be equal. Of Classify: an example, which agrees when its best label is the same.
   */
  readonly rows: number;
  readonly disagreeing: number;
  /** The row of the largest difference; of what has none, the first that differs. */
  readonly worstRow: number;
}

export function mismatched(mismatch: string): Compared {
  return { isEqual: false, mismatch, maxAbsDifference: undefined, rows: 0, disagreeing: 0, worstRow: 0 };
}

/** Remembers the row of the largest difference, the first of several. */
export class WorstRow {
  row = 0;
  #distance = -1;

  /** `distance`: infinite for what has none. */
  see(row: number, distance: number): void {
    if (distance <= this.#distance) return;
    this.row = row;
    this.#distance = distance;
  }
}
