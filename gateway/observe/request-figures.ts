import { Cells } from "./cells.ts";
import { DURATION_BOUNDS_SECONDS, Histogram } from "./histogram.ts";
import type { Presence } from "./presence.ts";
import { heading, labelText } from "./text-format.ts";

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

/** Requests of the same labels. */
interface Ended {
  readonly labels: string;
  readonly durations: Histogram;
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
    this.#ended.at([protocol, method, model, version, signature, code]).durations.observe(seconds);
  }

  render(): string {
    const ended = this.#ended.all();
    const counts = ended.map(({ labels, durations }) => `tensorgate_requests_total{${labels}} ${durations.count}`);
    const inFlight = this.#underWay
      .all()
      .map(({ labels, count }) => `tensorgate_requests_in_flight{${labels}} ${count}`);
    return [
      ...heading("tensorgate_requests_total", "counter", "Requests answered, whatever the answer was."),
      ...counts,
      ...heading(DURATION, "histogram", "Time from a request's arrival to its answer."),
      ...ended.flatMap(({ labels, durations }) => durations.lines(DURATION, labels)),
      ...heading("tensorgate_requests_in_flight", "gauge", "Requests that are being answered."),
      ...inFlight,
      "",
    ].join("\n");
  }

  /** What asked for no model of ours stays. */
  forgetGone(presence: Presence): void {
    const isThere = (model = "", version = ""): boolean => model === "" || presence.hasVersion(model, version);
    this.#ended.keep(([, , model, version]) => isThere(model, version));
    this.#underWay.keep(([, , model], { count }) => count > 0 || isThere(model));
  }
}

function endedOf(values: readonly string[]): Ended {
  return { labels: labelText(NAMES, values), durations: new Histogram(DURATION_BOUNDS_SECONDS) };
}

const DURATION = "tensorgate_request_duration_seconds";
