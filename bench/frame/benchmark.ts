/** What every file of a benchmark exports as `benchmark`. */
export interface Benchmark {
  /** As `npm run bench -- NAME` takes it, and the name of its results. */
  readonly name: string;
  /** What is run against what, in a line. */
  readonly title: string;
  /** The lines of the table in `bench/README.md` that it answers; empty: it's for the curious. */
  readonly goals: readonly Goal[];
  /** Measures; throws when a side answers anything but what it should. Leaves no process behind. */
  run(options: Options): Promise<Outcome>;
}

export interface Options {
  /** Of one timed run of one side. */
  readonly seconds: number;
  /** How often each side is measured; the sides take turns. */
  readonly rounds: number;
  /** Whether this is only to see that everything still works: as little as possible, figures of no worth. */
  readonly smoke: boolean;
}

/** A line of the table: a row of the results, and what it should show. */
export interface Goal {
  /** The `key` of the row. */
  readonly row: string;
  /** What is measured, for people. */
  readonly measure: string;
  /** Of our median divided by the other side's (the best of the others), or of our median itself. */
  readonly of: "ratio" | "value";
  readonly want: { readonly atLeast: number } | { readonly atMost: number };
}

/** What a run found. */
export interface Outcome {
  readonly rows: readonly Row[];
  /** Everything that somebody needs to set up the same: versions, options, pinning, payloads. */
  readonly settings: Readonly<Record<string, string>>;
  /** By side, of benchmarks that send requests: how many were answered well and how many were not. */
  readonly requests?: Readonly<Record<string, RequestCounts>>;
}

export interface RequestCounts {
  readonly answered: number;
  readonly failed: number;
}

/** One quantity, on one side or several. */
export interface Row {
  readonly key: string;
  readonly label: string;
  /** "requests/s", "ms", "MB/s", "µs", "MB", … */
  readonly unit: string;
  readonly better: "more" | "less";
  /** The first is this project's; a sample for each round, in the order of the rounds. */
  readonly sides: readonly [Side, ...Side[]];
}

export interface Side {
  readonly name: string;
  readonly samples: readonly number[];
}
