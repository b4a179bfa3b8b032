import type { Merging } from "../call.ts";

/** The reason of a signature that some worker tells nothing of. */
export const NOT_EXAMINED = "not examined";

type Verdicts = ReadonlyMap<string, Merging>;

/**
 * What holds wherever a call may go: one worker's refusal is everybody's, and so is that of a worker which has not examined
 * the signature; proven is what all have proven.
 */
export function mergedVerdicts(one: Verdicts, other: Verdicts): Verdicts {
  const merged = new Map<string, Merging>();
  for (const signature of new Set([...one.keys(), ...other.keys()])) {
    merged.set(signature, worse(one.get(signature) ?? UNEXAMINED, other.get(signature) ?? UNEXAMINED));
  }
  return merged;
}

const UNEXAMINED: Merging = { is: "refused", reason: NOT_EXAMINED };

function worse(one: Merging, other: Merging): Merging {
  for (const is of ["refused", "unproven"] as const) for (const each of [one, other]) if (each.is === is) return each;
  return one;
}
