import { createHash } from "node:crypto";
import type { Arm } from "./route-table.ts";

/** One arm by weight and chance; undefined when there is none. `chance` is in [0, 1). */
export function armByChance<A extends Pick<Arm, "weight">>(arms: readonly A[], chance: number): A | undefined {
  let total = 0;
  for (const { weight } of arms) total += weight;
  let left = chance * total;
  for (const arm of arms) {
    left -= arm.weight;
    if (left < 0) return arm;
  }
  return arms.at(-1);
}

/**
 * One arm by weight, always the same for the same key: weighted rendezvous hashing (Schindelhauer and Schomaker,
 * "Weighted distributed hash tables", 2005). Each arm draws a number from the hash of its name and the key, the highest
 * wins. So when a weight grows, keys move only to that arm, and no more of them than its part grew; when an arm is left
 * out, only its keys move. Arms are told apart by name, so a label that is pointed at another version keeps its clients;
 * models draw independently of each other.
 */
export function armByKey<A extends Pick<Arm, "weight" | "hashKey">>(arms: readonly A[], key: string): A | undefined {
  let best: A | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const arm of arms) {
    const score = -arm.weight / Math.log(uniform(`${arm.hashKey}\0${key}`));
    if (score > bestScore) [best, bestScore] = [arm, score];
  }
  return best;
}

/** A number in (0, 1) made of 53 of a 64-bit hash's bits; the same in every process and on every machine. */
export function uniform(text: string): number {
  const digest = createHash("sha256").update(text).digest();
  return (digest.readUInt32LE(0) * 2 ** 21 + (digest.readUInt32LE(4) >>> 11) + 0.5) / 2 ** 53;
}

/** Where a key stands among all that a route looks at, in (0, 1). */
export function standing(route: string, key: string): number {
  return uniform(`${route}\0percent\0${key}`);
}

export function isPartOf(standing: number, percent: number): boolean {
  return standing * 100 < percent;
}
