import type { Load } from "../endpoint.ts";

/** What a policy looks at. */
export interface Candidate extends Load {
  /** The address: the same in every gateway. */
  readonly name: string;
  readonly priority: number;
}

export const NONE: ReadonlySet<never> = new Set<never>();

/**
 * Chooses among endpoints that stay the same; which of them can take a call is asked at each pick. Undefined when none can
 * but those to avoid. `key`: what ties calls to an endpoint.
 */
export type Picker<E> = (avoided: ReadonlySet<E>, key: string | undefined) => E | undefined;

/** Makes a picker for a list of endpoints. `random` gives numbers in [0, 1). */
export type Policy = <E extends Candidate>(endpoints: readonly E[], random: () => number) => Picker<E>;

export function isOpen<E extends Load>(endpoint: E, avoided: ReadonlySet<E>): boolean {
  return endpoint.pickable && !avoided.has(endpoint);
}

/** Whole, in [0, count). */
export function randomIndex(count: number, random: () => number): number {
  return Math.floor(random() * count);
}
