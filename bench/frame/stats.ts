import type { Goal, Row, Side } from "./benchmark.ts";

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Of at least one sample. */
export function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) throw new Error("no samples to sum up");
  return { median: quantile(sorted, 0.5), min, max };
}

/** Linear between neighbours. `sorted` ascends and holds at least one number; `part` is from 0 to 1. */
export function quantile(sorted: ArrayLike<number>, part: number): number {
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** The side to beat: the best median of the others; undefined when we stand alone. */
export function rivalOf({ sides, better }: Row): Side | undefined {
  const [, ...others] = sides;
  return others.toSorted((a, b) => {
    const difference = spreadOf(a.samples).median - spreadOf(b.samples).median;
    return better === "more" ? -difference : difference;
  })[0];
}

/**
 * Ours divided by the rival's, round by round: what slows the machine for a while slows both sides of a pair.
 * Undefined without a rival.
 */
export function ratioOf(row: Row): Spread | undefined {
  const rival = rivalOf(row);
  if (rival === undefined) return undefined;
  const ours = row.sides[0].samples;
  if (ours.length === rival.samples.length) {
    return spreadOf(ours.map((sample, round) => sample / (rival.samples[round] as number)));
  }
  const ratio = spreadOf(ours).median / spreadOf(rival.samples).median;
  return { median: ratio, min: ratio, max: ratio };
}

/** Whether the row shows what the goal wants, by medians; undefined when the row cannot tell. */
export function isMet(goal: Goal, row: Row): boolean | undefined {
  const shown = goal.of === "ratio" ? ratioOf(row) : spreadOf(row.sides[0].samples);
  if (shown === undefined || Number.isNaN(shown.median)) return undefined;
  return "atLeast" in goal.want ? shown.median >= goal.want.atLeast : shown.median <= goal.want.atMost;
}
