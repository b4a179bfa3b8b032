import { Cells } from "./cells.ts";
import { labelText } from "./label-text.ts";

/** Label values of a request. All but `code` are "" where the request named nothing that we have. */
export interface RequestLabels {
  readonly protocol: string;
  readonly method: string;
  readonly model: string;
  readonly version: string;
  readonly signature: string;
  /** Canonical, over REST too. */
  readonly code: string;
}

export type InFlightLabels = Pick<RequestLabels, "protocol" | "method" | "model">;

const NAMES = ["protocol", "method", "model", "version", "signature", "code"];
const IN_FLIGHT_NAMES = ["protocol", "method", "model"];

/** From a small graph's half millisecond up to the default time limit of a REST call. */
export const BUCKETS_SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** Requests of the same labels. */
interface Ended {
  readonly labels: string;
  /** One for each bucket, and one for what is above them all. */
  readonly counts: number[];
  count: number;
  seconds: number;
}

/** Requests of the same labels that are being answered. */
class UnderWay {
  readonly labels: string;
  count = 0;

  constructor(labels: string) {
    this.labels = labels;
  }

  left(): void {
    this.count--;
  }
}

/**
 * The metrics that every request touches, as Prometheus reads them. `prom-client` makes a text of the labels at each touch,
 * four times a request; here they become text once.
 */
export class RequestFigures {
  readonly #ended = new Cells(endedOf);
  readonly #underWay = new Cells((values) => new UnderWay(labelText(IN_FLIGHT_NAMES, values)));

  /** Whoever says so says when it has left, once. */
  entered({ protocol, method, model }: InFlightLabels): { left(): void } {
    const cell = this.#underWay.at([protocol, method, model]);
    cell.count++;
    return cell;
  }

  ended({ protocol, method, model, version, signature, code }: RequestLabels, seconds: number): void {
    const cell = this.#ended.at([protocol, method, model, version, signature, code]);
    let bucket = 0;
    while (bucket < BUCKETS_SECONDS.length && seconds > (BUCKETS_SECONDS[bucket] as number)) bucket++;
    cell.counts[bucket] = (cell.counts[bucket] ?? 0) + 1;
    cell.count++;
    cell.seconds += seconds;
  }

  render(): string {
    const ended = this.#ended.all();
    const counts = ended.map(({ labels, count }) => `tensorgate_requests_total{${labels}} ${count}`);
    const inFlight = this.#underWay
      .all()
      .map(({ labels, count }) => `tensorgate_requests_in_flight{${labels}} ${count}`);
    return [
      ...heading("tensorgate_requests_total", "counter", "Requests answered, whatever the answer was."),
      ...counts,
      ...heading(DURATION, "histogram", "Time from a request's arrival to its answer."),
      ...ended.flatMap(durationLines),
      ...heading("tensorgate_requests_in_flight", "gauge", "Requests that are being answered."),
      ...inFlight,
      "",
    ].join("\n");
  }
}

function endedOf(values: readonly string[]): Ended {
  const counts = Array.from({ length: BUCKETS_SECONDS.length + 1 }, () => 0);
  return { labels: labelText(NAMES, values), counts, count: 0, seconds: 0 };
}

const DURATION = "tensorgate_request_duration_seconds";

function durationLines({ labels, counts, count, seconds }: Ended): string[] {
  let cumulative = 0;
  const buckets = counts.map((each, i) => {
    cumulative += each;
    return `${DURATION}_bucket{le="${BUCKETS_SECONDS[i] ?? "+Inf"}",${labels}} ${cumulative}`;
  });
  return [...buckets, `${DURATION}_sum{${labels}} ${seconds}`, `${DURATION}_count{${labels}} ${count}`];
}

function heading(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}
