import { Counter, Histogram, type Registry } from "prom-client";

/** How a copy of a call ended. */
export type ShadowOutcome =
  /** Answered as the caller was, within the tolerance. */
  | "equal"
  | "different"
  /** Not answered, or not in time, though its caller was. */
  | "error"
  /** Not sent, as a limit was reached or the gateway is shutting down. */
  | "dropped"
  /** Answered, and not compared: too long, or of MultiInference. */
  | "skipped"
  /** Its caller was not answered. */
  | "uncompared";

const OUTCOMES: readonly ShadowOutcome[] = ["equal", "different", "error", "dropped", "skipped", "uncompared"];

/** A shadow of a route, by their names. */
export interface ShadowLabels {
  readonly route: string;
  readonly target: string;
}

export interface OutputFigures {
  readonly output: string;
  readonly maxAbsDifference: number | undefined;
  readonly rows: number;
  readonly disagreeing: number;
}

type Labels = "route" | "target";

/** What became of copies, and how their answers compare with the callers'. */
export class ShadowMetrics {
  readonly #requests: Counter<Labels | "outcome">;
  readonly #differences: Histogram<Labels | "output">;
  readonly #rows: Counter<Labels | "output" | "agreement">;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: "tensorgate_shadow_requests_total",
      help: "Copies of calls for a route's shadow, by what became of them.",
      labelNames: ["route", "target", "outcome"],
      registers,
    });
    this.#differences = new Histogram({
      name: "tensorgate_shadow_max_abs_difference",
      help: "Largest difference between two numbers of an output of the caller's answer and of the copy's.",
      labelNames: ["route", "target", "output"],
      buckets: [0, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100],
      registers,
    });
    this.#rows = new Counter({
      name: "tensorgate_shadow_rows_total",
      help: "Rows of compared answers, by whether their class (or, without classes, their value) agrees.",
      labelNames: ["route", "target", "output", "agreement"],
      registers,
    });
  }

  ended({ route, target }: ShadowLabels, outcome: ShadowOutcome): void {
    this.#requests.inc({ route, target, outcome });
  }

  compared({ route, target }: ShadowLabels, { output, maxAbsDifference, rows, disagreeing }: OutputFigures): void {
    if (maxAbsDifference !== undefined) this.#differences.observe({ route, target, output }, maxAbsDifference);
    if (rows === 0) return;
    this.#rows.inc({ route, target, output, agreement: "agree" }, rows - disagreeing);
    this.#rows.inc({ route, target, output, agreement: "disagree" }, disagreeing);
  }

  /** Of a shadow that is there no more. */
  forget({ route, target }: ShadowLabels, outputs: Iterable<string>): void {
    for (const outcome of OUTCOMES) this.#requests.remove({ route, target, outcome });
    for (const output of outputs) {
      this.#differences.remove({ route, target, output });
      for (const agreement of ["agree", "disagree"]) this.#rows.remove({ route, target, output, agreement });
    }
  }
}
