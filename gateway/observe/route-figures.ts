import type { StatusCode } from "../../core/index.ts";
import { Cells } from "./cells.ts";
import { DURATION_BOUNDS_SECONDS, Histogram } from "./histogram.ts";
import type { Presence } from "./presence.ts";
import { heading, labelText } from "./text-format.ts";

/** What one arm of a route has counted since the process began. */
export interface ArmFigures {
  readonly route: string;
  /** "" for a route's own targets without a split. */
  readonly arm: string;
  readonly requests: number;
  /** Of these, those that failed by no fault of their clients. */
  readonly errors: number;
  /** And those that an arm found wrong: equal arms refuse equally many. */
  readonly refusals: number;
  /** How many took as long as each of {@link LATENCY_BOUNDS_SECONDS} at most and longer than the one before; the last one: longer than all. */
  readonly latencyBuckets: readonly number[];
}

const LEAST_SECONDS = 0.0001;
const MOST_SECONDS = 60;
const FACTOR = 1.2;

/** Fine enough that a quantile read from them is off by a fifth at most. */
export const LATENCY_BOUNDS_SECONDS: readonly number[] = Array.from(
  { length: Math.ceil(Math.log(MOST_SECONDS / LEAST_SECONDS) / Math.log(FACTOR)) + 1 },
  (_, i) => LEAST_SECONDS * FACTOR ** i,
);

/** What is rather the client's doing, by itself, than that of the arm that it came to. */
const REFUSALS: ReadonlySet<StatusCode> = new Set<StatusCode>([
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "FAILED_PRECONDITION",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "ALREADY_EXISTS",
]);

interface ArmCell {
  readonly route: string;
  readonly arm: string;
  readonly labels: string;
  errors: number;
  refusals: number;
  readonly latencyBuckets: number[];
  readonly durations: Histogram;
}

interface CodeCell {
  readonly labels: string;
  count: number;
}

/** What routes have decided, by route and arm: one count for each call and stage of its route that has ended. */
export class RouteFigures {
  readonly #arms = new Cells(armCell);
  readonly #codes = new Cells(
    (values): CodeCell => ({ labels: labelText(["route", "arm", "code"], values), count: 0 }),
  );

  ended(route: string, arm: string, code: StatusCode, seconds: number): void {
    this.#codes.at([route, arm, code]).count++;
    const cell = this.#arms.at([route, arm]);
    if (REFUSALS.has(code)) cell.refusals++;
    else if (code !== "OK" && code !== "CANCELLED") cell.errors++;
    countLatency(cell.latencyBuckets, seconds);
    cell.durations.observe(seconds);
  }

  /** Of each arm that has had a call, at this moment; only of routes that are wanted. */
  snapshot(isWanted: (route: string) => boolean = () => true): readonly ArmFigures[] {
    const wanted = this.#arms.all().filter(({ route }) => isWanted(route));
    return wanted.map(({ route, arm, durations, errors, refusals, latencyBuckets }) => {
      return { route, arm, requests: durations.count, errors, refusals, latencyBuckets: [...latencyBuckets] };
    });
  }

  /** In the text format of Prometheus; "" before any route has decided. */
  render(): string {
    if (this.#codes.size === 0) return "";
    return [
      ...heading(REQUESTS, "counter", "Calls that a route has decided, by its arm: each stage that a call came to."),
      ...this.#codes.all().map(({ labels, count }) => `${REQUESTS}{${labels}} ${count}`),
      ...heading(DURATION, "histogram", "Time that a call spent in a stage of its route."),
      ...this.#arms.all().flatMap(({ labels, durations }) => durations.lines(DURATION, labels)),
      "",
    ].join("\n");
  }

  forgetGone(presence: Presence): void {
    const isThere = ([route = "", arm = ""]: readonly string[]): boolean => presence.hasArm(route, arm);
    this.#arms.keep(isThere);
    this.#codes.keep(isThere);
  }
}

const REQUESTS = "tensorgate_route_requests_total";
const DURATION = "tensorgate_route_duration_seconds";

function armCell(values: readonly string[]): ArmCell {
  const [route = "", arm = ""] = values;
  return {
    route,
    arm,
    labels: labelText(["route", "arm"], values),
    errors: 0,
    refusals: 0,
    latencyBuckets: Array.from({ length: LATENCY_BOUNDS_SECONDS.length + 1 }, () => 0),
    durations: new Histogram(DURATION_BOUNDS_SECONDS),
  };
}

/** Adds one to the first bucket whose bound is not below `seconds`. */
function countLatency(buckets: number[], seconds: number): void {
  let from = 0;
  let to = LATENCY_BOUNDS_SECONDS.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (seconds <= (LATENCY_BOUNDS_SECONDS[middle] as number)) to = middle;
    else from = middle + 1;
  }
  buckets[from] = (buckets[from] ?? 0) + 1;
}
