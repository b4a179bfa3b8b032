import {
  cpuSeconds,
  inTurns,
  type Options,
  type RequestCounts,
  type Row,
  type Side,
  scratchFolder,
} from "./frame/index.ts";
import type { Load } from "./load/load.ts";

/** A server under load. */
export interface Contestant {
  readonly name: string;
  /** Of the process that the comparison is about: gateway or peer. */
  readonly pid: number;
  /** Of the processes that run the model, where those are others. */
  readonly workerPids?: readonly number[];
  /** Sends one request and throws unless the answer is right. */
  readonly check: () => Promise<void>;
  /** `scratch` is a folder for what the load generator reads and writes. */
  readonly load: (seconds: number, scratch: string) => Promise<Load>;
}

/** The first is this project's. */
export type Contestants = readonly [Contestant, ...Contestant[]];

export interface Comparison {
  readonly rows: readonly Row[];
  readonly requests: Readonly<Record<string, RequestCounts>>;
}

/**
 * Loads the contestants in turns, after a warm-up of each, and checks their answers before and after. Throws when any request fails.
 */
export async function compare(contestants: Contestants, options: Options): Promise<Comparison> {
  const scratch = scratchFolder();
  for (const { check } of contestants) await check();
  for (const contestant of contestants) await measure(contestant, options.smoke ? options.seconds : 3, scratch);
  const measured = await inTurns(
    contestants.map((contestant) => () => measure(contestant, options.seconds, scratch)),
    options.rounds,
  );
  for (const { check } of contestants) await check();
  return { rows: rowsOf(contestants, measured), requests: countsOf(contestants, measured) };
}

interface Measured extends Load {
  readonly cpuMicros: number;
  readonly workerCpuMicros: number;
}

async function measure(
  { name, pid, workerPids = [], load }: Contestant,
  seconds: number,
  scratch: string,
): Promise<Measured> {
  const secondsOf = (): number[] => [[pid], workerPids].map(sumOfSeconds);
  const before = secondsOf();
  const counted = await load(seconds, scratch);
  const after = secondsOf();
  if (counted.failed > 0 || counted.answered === 0) {
    throw new Error(`${name}: ${counted.answered} answers, ${counted.failed} failures: ${counted.failures}`);
  }
  const [cpuMicros = 0, workerCpuMicros = 0] = after.map(
    (then, index) => ((then - (before[index] ?? 0)) * 1e6) / counted.answered,
  );
  return { ...counted, cpuMicros, workerCpuMicros };
}

function sumOfSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (cpuSeconds(pid) ?? 0), 0);
}

interface Quantity {
  readonly key: string;
  readonly label: string;
  readonly unit: string;
  readonly better: "more" | "less";
  readonly of: (measured: Measured) => number;
}

const QUANTITIES: readonly Quantity[] = [
  { key: "throughput", label: "throughput", unit: "requests/s", better: "more", of: (m) => m.answered / m.seconds },
  { key: "p50", label: "latency, median", unit: "ms", better: "less", of: (m) => m.p50Ms },
  { key: "p99", label: "latency, 99th percentile", unit: "ms", better: "less", of: (m) => m.p99Ms },
  {
    key: "cpu",
    label: "processor time of gateway or peer",
    unit: "µs/request",
    better: "less",
    of: (m) => m.cpuMicros,
  },
  {
    key: "worker-cpu",
    label: "processor time of the worker",
    unit: "µs/request",
    better: "less",
    of: (m) => m.workerCpuMicros,
  },
];

function rowsOf(contestants: Contestants, measured: readonly (readonly Measured[])[]): Row[] {
  const hasWorker = contestants.every(({ workerPids }) => workerPids !== undefined);
  return QUANTITIES.filter(({ key }) => hasWorker || key !== "worker-cpu").map(({ of, ...quantity }) => ({
    ...quantity,
    sides: sidesOf(contestants, measured, of),
  }));
}

function sidesOf(
  [ours, ...others]: Contestants,
  measured: readonly (readonly Measured[])[],
  of: Quantity["of"],
): Row["sides"] {
  const side = ({ name }: Contestant, index: number): Side => ({ name, samples: (measured[index] ?? []).map(of) });
  return [side(ours, 0), ...others.map((contestant, index) => side(contestant, index + 1))];
}

function countsOf(
  contestants: readonly Contestant[],
  measured: readonly (readonly Measured[])[],
): Record<string, RequestCounts> {
  return Object.fromEntries(
    contestants.map(({ name }, side) => {
      const answered = (measured[side] ?? []).reduce((sum, each) => sum + each.answered, 0);
      return [name, { answered, failed: 0 }];
    }),
  );
}
