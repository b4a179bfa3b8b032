import type { Logger } from "../../core/index.ts";
import { type Figures, isWatched, next } from "./next.ts";
import { percentOf, type RampState } from "./ramp-state.ts";
import { type Counts, seenOf } from "./seen.ts";
import { type RampStatus, statusOf } from "./status.ts";
import { baselineOf, type RampRoute } from "./weights.ts";
import { Window } from "./window.ts";

/** What is known at this moment of the arms of all routes. */
export interface Look {
  /** Undefined: the arm has had no call. */
  readonly countsOf: (route: string, arm: string) => Counts | undefined;
  /** Whether something of the arm that grows is available. */
  readonly isThere: (route: string) => boolean;
}

/** A window is looked at so many times while it lasts. */
const LOOKS = 10;

/** One ramp under way: its state, and what its arms have done lately. */
export class Ramp {
  readonly fingerprint: string;
  #route: RampRoute;
  #state: RampState;
  #figures: Figures | undefined;
  /** Undefined: not looked at yet. */
  #isThere: boolean | undefined;
  readonly #window: Window;

  constructor(route: RampRoute, fingerprint: string, state: RampState) {
    this.fingerprint = fingerprint;
    this.#route = route;
    this.#state = state;
    this.#window = new Window(route.ramp.guard.windowMs);
  }

  get route(): RampRoute {
    return this.#route;
  }

  get state(): RampState {
    return this.#state;
  }

  get percent(): number {
    return percentOf(this.#route.ramp, this.#state);
  }

  /** The same ramp in a new configuration, whose other weights may differ. */
  in(route: RampRoute): this {
    this.#route = route;
    return this;
  }

  /** Takes notice of what was counted. Whether step or phase have changed. */
  look({ countsOf, isThere }: Look, nowMs: number, log: Logger): boolean {
    const { ramp, name } = this.#route;
    const total = {
      arm: countsOf(name, ramp.arm) ?? NOTHING,
      baseline: countsOf(name, baselineOf(this.#route)) ?? NOTHING,
    };
    const counts = this.#window.add(nowMs, total);
    const seen = (of: Counts): Figures["arm"] => seenOf(of, ramp.guard.latencyQuantilePercent);
    this.#figures = { arm: seen(counts.arm), baseline: seen(counts.baseline) };

    // Before the first version has come, everything waits.
    const [wasThere, armIsThere] = [this.#isThere, isThere(name)];
    this.#isThere = armIsThere;
    if (wasThere === true && !armIsThere && this.#state.phase === "running") {
      this.tell(log, "ramp waits: nothing of its arm is available");
    }
    const before = this.#state;
    const after = next(before, ramp, this.#figures, nowMs, armIsThere);
    if (after.phase === before.phase && after.step === before.step) {
      this.#state = after;
      return false;
    }
    this.become(after, log);
    this.#window.add(nowMs, total);
    return true;
  }

  /** Another step or phase; what was counted before it is forgotten. */
  become(state: RampState, log: Logger, message: string = transition(this.#state, state)): void {
    this.#state = state;
    this.#window.clear();
    this.tell(log, message);
  }

  tell(log: Logger, message: string): void {
    const { phase, step, reason } = this.#state;
    const { name, ramp } = this.#route;
    const facts = { route: name, arm: ramp.arm, phase, step: step + 1, percent: this.percent };
    if (reason === "") log.info(facts, message);
    else log.warn({ ...facts, reason }, message);
  }

  /** How long until it has to be looked at again; undefined: nothing can change by itself. */
  waitMs(): number | undefined {
    const { ramp } = this.#route;
    const { phase, step, spentMs } = this.#state;
    const forMs = phase === "running" ? ramp.steps[step]?.forMs : undefined;
    if (forMs === undefined && !isWatched(this.#state, ramp)) return undefined;
    return Math.min(ramp.guard.windowMs / LOOKS, forMs === undefined ? Number.POSITIVE_INFINITY : forMs - spentMs);
  }

  status(): RampStatus {
    const { name: route, ramp } = this.#route;
    const status = statusOf({ route, ramp, baseline: baselineOf(this.#route) }, this.#state, this.#figures);
    return this.#isThere === false ? { ...status, waits: "nothing of its arm is available" } : status;
  }
}

const NOTHING: Counts = { requests: 0, errors: 0, refusals: 0, latencyBuckets: [] };

function transition(before: RampState, after: RampState): string {
  switch (after.phase) {
    case "rolledBack":
      return "ramp rolled back";
    case "paused":
      return "ramp paused";
    case "done":
      return after.step === before.step && before.phase === "running" ? "ramp is done" : "ramp is at its last step";
    case "running":
      if (before.phase === "paused" && after.step === before.step) return "ramp resumes";
      return after.step === before.step + 1 ? "ramp is at its next step" : "ramp begins";
  }
}
