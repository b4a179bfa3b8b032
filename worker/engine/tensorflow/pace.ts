/*
 * Where a run goes: into the calling thread, which saves the hand-over (about 100 µs) but holds up the event loop, or to the pool.
 *
 *   on the pool ──3 runs, the best one quick──> in the caller ──slow on average, or one very slow──> on the pool, for longer each time
 *
 * The time of a pool run is seen from outside, waits included, so only the best of them counts; a run in the caller is measured as it is.
 */

/** A run up to this long may hold up the event loop. */
const QUICK_MS = 1;
/** One run in the caller this long sends a plan back at once, whatever its average. */
const HELD_UP_MS = 40;
/** What a longer run counts for: a busy machine takes the processor from any run for some milliseconds, once in a while. */
const COUNTED_MS = 3;
const PROOF_RUNS = 3;
/** Weight of the newest run in the average. */
const ALPHA = 0.2;
const FIRST_BANISHMENT_RUNS = 32;
const LAST_BANISHMENT_RUNS = 8192;
/** So many runs in the caller without a fault clear a plan's record. */
const REHABILITATION_RUNS = 2000;

/** What is known of one plan at one size of input; see {@link sizeClass}. */
export interface Pace {
  readonly where: "pool" | "caller";
  /** Pool runs that must still be seen before the caller's thread is tried. */
  readonly runsToProof: number;
  /** On the pool: the best time of this proof. In the caller: the moving average. */
  readonly ms: number;
  readonly runsInCaller: number;
  readonly nextBanishmentRuns: number;
}

export const UNKNOWN_PACE: Pace = {
  where: "pool",
  runsToProof: PROOF_RUNS,
  ms: Number.POSITIVE_INFINITY,
  runsInCaller: 0,
  nextBanishmentRuns: FIRST_BANISHMENT_RUNS,
};

/** The pace after a run on the pool that took `ms`, waits included. */
export function afterPoolRun(pace: Pace, ms: number): Pace {
  if (pace.where === "caller") return pace; // began before the verdict
  const best = Math.min(pace.ms, ms);
  if (pace.runsToProof > 1) return { ...pace, ms: best, runsToProof: pace.runsToProof - 1 };
  return best <= QUICK_MS
    ? { ...pace, where: "caller", ms: best, runsInCaller: 0 }
    : { ...pace, ms: Number.POSITIVE_INFINITY, runsToProof: PROOF_RUNS };
}

/** The pace after a run in the calling thread that took `ms`. */
export function afterCallerRun(pace: Pace, ms: number): Pace {
  if (pace.where === "pool") return pace;
  const average = pace.ms + ALPHA * (Math.min(ms, COUNTED_MS) - pace.ms);
  if (average > QUICK_MS || ms > HELD_UP_MS) {
    return {
      where: "pool",
      runsToProof: pace.nextBanishmentRuns,
      ms: Number.POSITIVE_INFINITY,
      runsInCaller: 0,
      nextBanishmentRuns: Math.min(pace.nextBanishmentRuns * 2, LAST_BANISHMENT_RUNS),
    };
  }
  const runsInCaller = pace.runsInCaller + 1;
  const nextBanishmentRuns = runsInCaller < REHABILITATION_RUNS ? pace.nextBanishmentRuns : FIRST_BANISHMENT_RUNS;
  return { where: "caller", runsToProof: 0, ms: average, runsInCaller, nextBanishmentRuns };
}

/** Time goes with the rows: a plan that is quick for one of them proves nothing for a thousand. A class spans a doubling of bytes. */
export function sizeClass(fedBytes: number): number {
  return fedBytes < 256 ? 0 : Math.floor(Math.log2(fedBytes)) - 7;
}

/** Clients can join signatures into plans of their own, so the plans have no end. */
const MAX_PLANS = 1024;

/** The paces of a model's plans, by size of input. */
export class PaceBook {
  readonly #plans = new Map<string, Map<number, Pace>>();

  get(plan: string, fedBytes: number): Pace {
    return this.#plans.get(plan)?.get(sizeClass(fedBytes)) ?? UNKNOWN_PACE;
  }

  set(plan: string, fedBytes: number, pace: Pace): void {
    let sizes = this.#plans.get(plan);
    if (sizes === undefined) {
      if (this.#plans.size >= MAX_PLANS) this.#plans.clear();
      sizes = new Map();
      this.#plans.set(plan, sizes);
    }
    sizes.set(sizeClass(fedBytes), pace);
  }
}
