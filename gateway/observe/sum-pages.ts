/**
 * Pages of metrics in the text format of Prometheus, made into one: what several processes of a gateway have counted
 * together. A page alone stays as it is. Metrics and their samples keep the order in which they first appear.
 */
export function sumOfPages(pages: readonly string[]): string {
  const [only] = pages;
  if (only !== undefined && pages.length === 1) return only;
  const metrics = new Map<string, Metric>();
  for (const page of pages) addPage(metrics, page);
  return [...metrics.values()]
    .map(({ heading, samples }) => `${[...heading, ...linesOf(samples)].join("\n")}\n`)
    .join("");
}

interface Metric {
  readonly heading: Set<string>;
  /** By the text before the value. */
  readonly samples: Map<string, number>;
}

function addPage(metrics: Map<string, Metric>, page: string): void {
  let metric: Metric | undefined;
  let join = add;
  for (const line of page.split("\n")) {
    const [, name] = /^# (?:HELP|TYPE) (\S+)/.exec(line) ?? [];
    if (name !== undefined) {
      metric = metrics.get(name) ?? { heading: new Set(), samples: new Map() };
      metrics.set(name, metric);
      metric.heading.add(line);
      join = ruleOf(name);
    } else if (line !== "") {
      const end = line.lastIndexOf(" ");
      const sample = line.slice(0, end);
      const value = Number(line.slice(end + 1));
      const before = metric?.samples.get(sample);
      metric?.samples.set(sample, before === undefined ? value : join(before, value));
    }
  }
}

function linesOf(samples: ReadonlyMap<string, number>): string[] {
  return Array.from(samples, ([sample, value]) => `${sample} ${Number.isNaN(value) ? "NaN" : value}`);
}

function add(one: number, other: number): number {
  return one + other;
}

/** What isn't a share of something. Each process sees the same workers and their loads, and not always at the same moment. */
const HIGHEST = [
  /^tensorgate_worker_(?!requests_in_flight)/,
  /^tensorgate_pool_endpoints$/,
  /^tensorgate_http_upstream_breaker_state$/,
  /^:tensorflow:cc:saved_model:/,
  /^:tensorflow:serving:model_warmup_/,
  /^nodejs_eventloop_lag_/,
  /^nodejs_version_info$/,
  /^process_max_fds$/,
];
const LOWEST = [/^tensorgate_ready$/, /^process_start_time_seconds$/, /^nodejs_eventloop_lag_min_seconds$/];

function ruleOf(name: string): (one: number, other: number) => number {
  if (LOWEST.some((pattern) => pattern.test(name))) return Math.min;
  return HIGHEST.some((pattern) => pattern.test(name)) ? Math.max : add;
}
