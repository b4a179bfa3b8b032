/** How long requests take: from a small graph's half millisecond up to the default time limit of a REST call. */
export const DURATION_BOUNDS_SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** What has been observed, for one combination of labels. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** One for each bound, which is within it, and one for what is above them all. */
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  get count(): number {
    return this.#count;
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] as number)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count++;
    this.#sum += value;
  }

  /** Its samples in the text format of Prometheus. `labels` stand as they do between the braces. */
  lines(name: string, labels: string): string[] {
    let cumulative = 0;
    const buckets = this.#counts.map((each, i) => {
      cumulative += each;
      return `${name}_bucket{le="${this.#bounds[i] ?? "+Inf"}",${labels}} ${cumulative}`;
    });
    return [...buckets, `${name}_sum{${labels}} ${this.#sum}`, `${name}_count{${labels}} ${this.#count}`];
  }
}
