import { Cells } from "./cells.ts";
import { labelText } from "./text-format.ts";

/**
 * Metrics as TensorFlow Serving counts and prints them (`util/prometheus_exporter.cc`): names with slashes that become
 * colons, no HELP, braces even without labels.
 */
export interface ServingMetric {
  /** With slashes: `/tensorflow/serving/request_count`. */
  readonly name: string;
  /** The sum over all labels, as an integer metric has one. */
  readonly total: number;
  /** Lines without a last line end; none while nothing was counted. */
  lines(): string[];
}

export class ServingCounter implements ServingMetric {
  readonly name: string;
  total = 0;
  readonly #labels: readonly string[];
  /** How labels are printed is only made for a scrape. */
  readonly #cells = new Cells((values) => ({ values, count: 0 }));

  constructor(name: string, labels: readonly string[]) {
    this.name = name;
    this.#labels = labels;
  }

  /** `values` in the order of the labels. */
  add(by: number, ...values: readonly string[]): void {
    this.#cells.at(values).count += by;
    this.total += by;
  }

  lines(): string[] {
    if (this.#cells.size === 0) return [];
    const name = printedName(this.name);
    const rows = this.#cells.all().map(({ values, count }) => `${name}{${labelText(this.#labels, values)}} ${count}`);
    return [`# TYPE ${name} counter`, ...rows];
  }
}

export class ServingHistogram implements ServingMetric {
  readonly name: string;
  /** A histogram has no integer value. */
  readonly total = 0;
  readonly #labels: readonly string[];
  readonly #limits: readonly number[];
  readonly #cells = new Cells((values) => {
    return { values, counts: Array.from({ length: this.#limits.length + 1 }, () => 0), sum: 0 };
  });

  /** Limits `scale * growth^k` for k from 0, and one without end. */
  constructor(name: string, labels: readonly string[], scale: number, growth: number, count: number) {
    this.name = name;
    this.#labels = labels;
    this.#limits = Array.from({ length: count }, (_, k) => scale * growth ** k);
  }

  observe(value: number, ...values: readonly string[]): void {
    const cell = this.#cells.at(values);
    // TensorFlow's limits are exclusive: a value that equals one belongs to the next bucket.
    let bucket = 0;
    while (bucket < this.#limits.length && value >= (this.#limits[bucket] as number)) bucket++;
    cell.counts[bucket] = (cell.counts[bucket] ?? 0) + 1;
    cell.sum += value;
  }

  lines(): string[] {
    if (this.#cells.size === 0) return [];
    const name = printedName(this.name);
    const lines = [`# TYPE ${name} histogram`];
    for (const { values, counts, sum } of this.#cells.all()) {
      const labels = labelText(this.#labels, values);
      const before = labels === "" ? "" : `${labels},`;
      let cumulative = 0;
      for (const [i, count] of counts.entries()) {
        cumulative += count;
        const limit = this.#limits[i];
        const le = limit === undefined ? "+Inf" : sixDigits(limit);
        lines.push(`${name}_bucket{${before}le="${le}"} ${cumulative}`);
      }
      lines.push(`${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${cumulative}`);
    }
    return lines;
  }
}

function printedName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, ":");
}

/** As C's `%g` prints a number: limits are labels, and dashboards name them. */
function sixDigits(value: number): string {
  const short = Number(value.toPrecision(6));
  const [digits = "", exponent = "0"] = short.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(short);
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
