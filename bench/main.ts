import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BENCHMARKS, loadAll, loadBenchmark } from "./benchmarks.ts";
import { drawFlameGraph } from "./flame.ts";
import {
  type Benchmark,
  chartOf,
  describeMachine,
  type Options,
  type Result,
  resultsFolder,
  resultText,
  start,
  writeResult,
  writeTable,
} from "./frame/index.ts";
import { CACHE } from "./peers/python.ts";

const USAGE = `usage: npm run bench -- NAME [--seconds N] [--rounds N] [--smoke] [--out FOLDER]

NAME is one of
  ${Object.keys(BENCHMARKS).join("\n  ")}
or
  all         every one that the table names, then the table
  flame NAME  run one for a flame graph of the gateway, or of the benchmark itself where it starts none
  table       only bench/README.md's table and charts, from bench/results`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string" },
    rounds: { type: "string" },
    smoke: { type: "boolean", default: false },
    out: { type: "string" },
  },
});
const options: Options = {
  seconds: Number(values.seconds ?? (values.smoke ? 0.5 : 4)),
  rounds: Number(values.rounds ?? (values.smoke ? 1 : 5)),
  smoke: values.smoke,
};

/** Those of a smoke are no results. */
const out = values.out ?? (options.smoke ? join(CACHE, "smoke") : resultsFolder());

/** 0, or 1 when something failed, or 2 when the command isn't understood. */
async function main(name: string | undefined): Promise<number> {
  if (!(options.seconds > 0) || !(Number.isInteger(options.rounds) && options.rounds > 0)) return usage();
  if (name === "table") {
    writeTable(await loadAll());
    return 0;
  }
  if (name === "all") return await all();
  if (name === "flame") return await flame(positionals[1]);
  const benchmark = name === undefined ? undefined : await loadBenchmark(name);
  if (benchmark === undefined) return usage();
  await measure(benchmark);
  return 0;
}

async function flame(name: string | undefined): Promise<number> {
  const benchmark = name === undefined ? undefined : await loadBenchmark(name);
  if (benchmark === undefined) return usage();
  console.log(await drawFlameGraph(benchmark, { ...options, rounds: Number(values.rounds ?? 1) }));
  return 0;
}

function usage(): number {
  console.error(USAGE);
  return 2;
}

/** A benchmark takes one to three minutes; the first time, with what it installs, longer. */
const LONGEST_MS = 12 * 60_000;

/**
 * Each in a process of its own, so that none finds what another left in memory, and one that hangs or fails does not keep
 * the others from being measured: it is told at the end.
 */
async function all(): Promise<number> {
  const failed: string[] = [];
  const benchmarks = await loadAll();
  for (const { name } of benchmarks.filter(({ goals }) => goals.length > 0)) {
    if (!(await measuredApart(name))) failed.push(name);
  }
  if (out === resultsFolder()) writeTable(benchmarks);
  if (failed.length > 0) console.error(`failed: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

async function measuredApart(name: string): Promise<boolean> {
  const numbers = [`--seconds=${options.seconds}`, `--rounds=${options.rounds}`, `--out=${out}`];
  const args = [...process.execArgv, fileURLToPath(import.meta.url), name, ...numbers];
  await using running = start(process.execPath, options.smoke ? [...args, "--smoke"] : args, { core: undefined });
  using _ = onTimeout(LONGEST_MS, () => void running.stop());
  const status = await running.ended;
  (status === 0 ? console.log : console.error)(running.said());
  return status === 0;
}

function onTimeout(ms: number, act: () => void): Disposable {
  const timer = setTimeout(act, ms);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

async function measure(benchmark: Benchmark): Promise<void> {
  console.error(`measuring ${benchmark.name}: ${benchmark.title}`);
  const outcome = await benchmark.run(options);
  const result: Result = {
    benchmark: benchmark.name,
    title: benchmark.title,
    at: `${new Date().toISOString().slice(0, 19)}Z`,
    machine: describeMachine(),
    options,
    settings: outcome.settings,
    requests: outcome.requests,
    rows: outcome.rows,
  };
  writeResult(result, out);
  writeFileSync(join(out, `${benchmark.name}.svg`), chartOf(result, benchmark.goals));
  console.log(resultText(result, benchmark.goals));
}

process.exitCode = await main(positionals[0]);
