/** From a small graph's half millisecond up to the default time limit of a REST call. */
const BUCKETS_SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** How long something took, each time, for one combination of labels. */
export class DurationHistogram {
  /** One for each bucket, and one for what is above them all. */
  readonly #counts = Array.from({ length: BUCKETS_SECONDS.length + 1 }, () => 0);
  #count = 0;
  #seconds = 0;

  get count(): number {
    return this.#count;
  }

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < BUCKETS_SECONDS.length && seconds > (BUCKETS_SECONDS[bucket] as number)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count++;
    this.#seconds += seconds;
  }

  /** Its samples in the text format of Prometheus. `labels` stand as they do between the braces. */
  lines(name: string, labels: string): string[] {
    let cumulative = 0;
    const buckets = this.#counts.map((each, i) => {
      cumulative += each;
      return `${name}_bucket{le="${BUCKETS_SECONDS[i] ?? "+Inf"}",${labels}} ${cumulative}`;
    });
    return [...buckets, `${name}_sum{${labels}} ${this.#seconds}`, `${name}_count{${labels}} ${this.#count}`];
  }
}
