import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Benchmark, Goal } from "./benchmark.ts";
import { benchFolder, type Result, readResult, resultsFolder } from "./results.ts";
import { isMet, rivalOf, spreadOf } from "./stats.ts";
import { figure, goalText, ratioText, spreadText } from "./text.ts";

const BEGIN = "<!-- table: written by `npm run bench -- table` -->";
const END = "<!-- end of table -->";

/** Why a goal was missed, by `benchmark/row`: written by people, in `bench/reasons.json`. */
export type Reasons = Readonly<Record<string, string>>;

/** Writes the table and the charts of `bench/README.md` anew, from the results. */
export function writeTable(benchmarks: readonly Benchmark[]): void {
  const readme = join(benchFolder(), "README.md");
  const reasons = JSON.parse(readFileSync(join(benchFolder(), "reasons.json"), "utf8")) as Reasons;
  const results = new Map(benchmarks.map(({ name }) => [name, readResult(name, resultsFolder())]));
  writeFileSync(readme, withTable(readFileSync(readme, "utf8"), tableOf(benchmarks, results, reasons)));
}

/** Throws an error when the text has no place for it. */
export function withTable(text: string, table: string): string {
  const [before, rest] = text.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (after === undefined) throw new Error(`there is no ${BEGIN} … ${END} to write the table into`);
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
}

export function tableOf(
  benchmarks: readonly Benchmark[],
  results: ReadonlyMap<string, Result | undefined>,
  reasons: Reasons,
): string {
  const lines = ["| measure | goal | tensorgate | against | ratio | |", "|---|---|---|---|---|---|"];
  for (const { name, goals } of benchmarks) {
    for (const goal of goals) lines.push(lineOf(name, goal, results.get(name), reasons));
  }
  const measured = benchmarks.filter(({ name }) => results.get(name) !== undefined);
  const where = machines(measured.map(({ name }) => results.get(name) as Result));
  const charts = measured.map(({ name, title }) => `![${name}: ${title}](results/${name}.svg)`);
  return [lines.join("\n"), ...where, ...charts].join("\n\n");
}

function lineOf(benchmark: string, goal: Goal, result: Result | undefined, reasons: Reasons): string {
  const measure = `${goal.measure} (\`${benchmark}\`)`;
  const row = result?.rows.find(({ key }) => key === goal.row);
  if (row === undefined) return cells(measure, goalText(goal, ""), "", "", "", "not measured yet");
  const rival = rivalOf(row);
  const met = isMet(goal, row);
  const missed = `**missed**: ${reasons[`${benchmark}/${goal.row}`] ?? "no reason is known yet"}`;
  return cells(
    measure,
    goalText(goal, row.unit),
    `${spreadText(spreadOf(row.sides[0].samples))} ${row.unit}`,
    rival === undefined ? "" : `${rival.name} ${figure(spreadOf(rival.samples).median)} ${row.unit}`,
    ratioText(row),
    met === undefined ? "cannot be told" : met ? "met" : missed,
  );
}

function cells(...texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** Said once when all came from the same machine. */
function machines(results: readonly Result[]): string[] {
  const texts = results.map(({ machine, options }) => {
    const { cpu, cores, memoryGiB, system, node } = machine;
    return `Medians (least–greatest) of ${options.rounds} rounds of ${figure(options.seconds)} s on ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}.`;
  });
  return [...new Set(texts)];
}
