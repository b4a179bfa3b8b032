import { writeFileSync } from "node:fs";
import { join } from "node:path";
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

/** What fails is told at the end and does not keep the others from being measured. */
async function all(): Promise<number> {
  const failed: string[] = [];
  const benchmarks = await loadAll();
  for (const benchmark of benchmarks.filter(({ goals }) => goals.length > 0)) {
    try {
      await measure(benchmark);
    } catch (thrown) {
      failed.push(benchmark.name);
      console.error(`${benchmark.name} failed:`, thrown);
    }
  }
  if (out === resultsFolder()) writeTable(benchmarks);
  if (failed.length > 0) console.error(`failed: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
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
