import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Options, RequestCounts, Row, Side } from "./benchmark.ts";
import type { Machine } from "./machine.ts";

const side: z.ZodType<Side> = z.strictObject({ name: z.string().min(1), samples: z.array(z.number()).min(1) });
const row: z.ZodType<Row> = z.strictObject({
  key: z.string().min(1),
  label: z.string().min(1),
  unit: z.string(),
  better: z.enum(["more", "less"]),
  sides: z.tuple([side], side),
});

/** A file of `bench/results`. Lists in it are never empty. */
const resultSchema: z.ZodType<Result> = z.strictObject({
  benchmark: z.string(),
  title: z.string(),
  /** UTC, to the second. */
  at: z.string(),
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.int(),
    memoryGiB: z.int(),
    system: z.string(),
    node: z.string(),
  }),
  options: z.strictObject({ seconds: z.number(), rounds: z.int(), smoke: z.boolean() }),
  settings: z.record(z.string(), z.string()),
  requests: z.record(z.string(), z.strictObject({ answered: z.int(), failed: z.int() })).optional(),
  rows: z.array(row).min(1),
});

/** What one benchmark found, where and how. */
export interface Result {
  readonly benchmark: string;
  readonly title: string;
  readonly at: string;
  readonly machine: Machine;
  readonly options: Options;
  readonly settings: Readonly<Record<string, string>>;
  readonly requests?: Readonly<Record<string, RequestCounts>> | undefined;
  readonly rows: readonly Row[];
}

/** The project's root, wherever this runs from. */
export function projectFolder(): string {
  return dirname(fileURLToPath(import.meta.resolve("#asset/package.json")));
}

/** `bench/` of the sources. */
export function benchFolder(): string {
  return join(projectFolder(), "bench");
}

/** Where results go unless the caller says otherwise. */
export function resultsFolder(): string {
  return join(benchFolder(), "results");
}

/** Throws an error that names what is wrong when it isn't a result. */
export function parseResult(json: string): Result {
  return resultSchema.parse(JSON.parse(json));
}

export function writeResult(result: Result, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${result.benchmark}.json`);
  const text = JSON.stringify(resultSchema.parse(result), shortNumbers, 2);
  // Samples stand in one line each, so that a file can be read.
  writeFileSync(
    file,
    `${text.replace(/\[\s+([-\d.,e\s]+?)\s+\]/g, (_, list: string) => `[${list.replace(/\s+/g, " ")}]`)}\n`,
  );
  return file;
}

/** Six significant digits are more than any of this is worth. */
function shortNumbers(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}

/** What was measured last; undefined when there is nothing yet. */
export function readResult(benchmark: string, folder: string): Result | undefined {
  const file = join(folder, `${benchmark}.json`);
  return existsSync(file) ? parseResult(readFileSync(file, "utf8")) : undefined;
}
