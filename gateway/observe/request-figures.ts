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
const BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Requests of the same labels. */
interface Ended {
  readonly of: RequestLabels;
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
  readonly #ended = new Map<string, Ended>();
  readonly #underWay = new Map<string, UnderWay>();
  #last: Ended | undefined;

  /** Whoever says so says when it has left, once. */
  entered(labels: InFlightLabels): { left(): void } {
    const key = `${labels.protocol}\0${labels.method}\0${labels.model}`;
    let cell = this.#underWay.get(key);
    if (cell === undefined) {
      cell = new UnderWay(labelText(IN_FLIGHT_NAMES, [labels.protocol, labels.method, labels.model]));
      this.#underWay.set(key, cell);
    }
    cell.count++;
    return cell;
  }

  ended(labels: RequestLabels, seconds: number): void {
    // Most requests are of the labels of the one before, and need no text to find out.
    const last = this.#last;
    const cell = last !== undefined && areSame(last.of, labels) ? last : this.#cellOf(labels);
    this.#last = cell;
    let bucket = 0;
    while (bucket < BUCKETS_SECONDS.length && seconds > (BUCKETS_SECONDS[bucket] as number)) bucket++;
    cell.counts[bucket] = (cell.counts[bucket] ?? 0) + 1;
    cell.count++;
    cell.seconds += seconds;
  }

  #cellOf(labels: RequestLabels): Ended {
    const { protocol, method, model, version, signature, code } = labels;
    const values = [protocol, method, model, version, signature, code];
    const key = values.join("\0");
    let cell = this.#ended.get(key);
    if (cell === undefined) {
      const counts = Array.from({ length: BUCKETS_SECONDS.length + 1 }, () => 0);
      cell = { of: labels, labels: labelText(NAMES, values), counts, count: 0, seconds: 0 };
      this.#ended.set(key, cell);
    }
    return cell;
  }

  render(): string {
    const ended = Array.from(this.#ended.values());
    const counts = ended.map(({ labels, count }) => `tensorgate_requests_total{${labels}} ${count}`);
    const inFlight = Array.from(
      this.#underWay.values(),
      ({ labels, count }) => `tensorgate_requests_in_flight{${labels}} ${count}`,
    );
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

function areSame(one: RequestLabels, other: RequestLabels): boolean {
  return (
    one.version === other.version &&
    one.model === other.model &&
    one.code === other.code &&
    one.signature === other.signature &&
    one.method === other.method &&
    one.protocol === other.protocol
  );
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
