import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  type Benchmark,
  chartOf,
  parseResult,
  type Result,
  readResult,
  resultText,
  tableOf,
  withTable,
  writeResult,
} from "../../../bench/frame/index.ts";

const folder = mkdtempSync(join(tmpdir(), "tensorgate-results-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const result: Result = {
  benchmark: "rest-small",
  title: "this <against> that",
  at: "2026-01-02T03:04:05Z",
  machine: { cpu: "a CPU", cores: 2, memoryGiB: 8, system: "linux 6", node: "v20.19.0" },
  options: { seconds: 4, rounds: 3, smoke: false },
  settings: { connections: "32" },
  requests: { tensorgate: { answered: 1200, failed: 0 } },
  rows: [
    {
      key: "throughput",
      label: "throughput",
      unit: "requests/s",
      better: "more",
      sides: [
        { name: "tensorgate", samples: [20_000, 20_500, 19_000.123456789] },
        { name: "Envoy", samples: [4000, 4100, 3800] },
      ],
    },
    { key: "stall", label: "stall", unit: "ms", better: "less", sides: [{ name: "tensorgate", samples: [12] }] },
  ],
};
const benchmark: Benchmark = {
  name: "rest-small",
  title: "",
  goals: [
    { row: "throughput", measure: "REST", of: "ratio", want: { atLeast: 4 } },
    { row: "stall", measure: "stall | any", of: "value", want: { atMost: 10 } },
    { row: "memory", measure: "memory", of: "value", want: { atMost: 1 } },
  ],
  run: () => Promise.reject(new Error("is not run here")),
};

test("reads the results that it wrote", () => {
  const file = writeResult(result, folder);
  expect(readFileSync(file, "utf8")).toContain("[20000, 20500, 19000.1]");
  expect(readResult("rest-small", folder)).toMatchObject({
    ...result,
    rows: [{ key: "throughput" }, { key: "stall" }],
  });
  expect(readResult("rest-large", folder)).toBeUndefined();
});

for (const { name, broken } of [
  { name: "without rows", broken: { ...result, rows: [] } },
  { name: "with a side that was never measured", broken: { ...result, rows: [{ ...result.rows[0], sides: [] }] } },
  { name: "with a member that nobody knows", broken: { ...result, extra: 1 } },
]) {
  test(`refuses a result ${name}`, () => expect(() => parseResult(JSON.stringify(broken))).toThrow());
}

test("tells medians, spread, ratio, verdicts, errors and settings", () => {
  const text = resultText(result, benchmark.goals);
  expect(text).toContain("tensorgate               20,000 (19,000–20,500)");
  expect(text).toContain("ratio to Envoy          5");
  expect(text).toContain("goal ≥ 4×: met");
  expect(text).toContain("goal ≤ 10 ms: missed");
  expect(text).toContain("tensorgate: 1,200 answers, 0 errors");
  expect(text).toContain("connections: 32");
});

test("makes a line of the table of each goal, with the reason of a miss", () => {
  const lines = tableOf([benchmark], new Map([["rest-small", result]]), { "rest-small/stall": "since" }).split("\n");
  expect(lines.slice(2, 5)).toEqual([
    "| REST (`rest-small`) | ≥ 4× | 20,000 (19,000–20,500) requests/s | Envoy 4,000 requests/s | 5× | met |",
    "| stall \\| any (`rest-small`) | ≤ 10 ms | 12 ms |  |  | **missed**: since |",
    "| memory (`rest-small`) | ≤ 1 |  |  |  | not measured yet |",
  ]);
  expect(lines).toContain("![rest-small: ](results/rest-small.svg)");
});

test("writes the table between its marks, again and again", () => {
  const text = "before\n<!-- table: written by `npm run bench -- table` -->\nold\n<!-- end of table -->\nafter";
  const once = withTable(text, "| new |");
  expect(once).toBe(
    "before\n<!-- table: written by `npm run bench -- table` -->\n\n| new |\n\n<!-- end of table -->\nafter",
  );
  expect(withTable(once, "| new |")).toBe(once);
  expect(() => withTable("no marks", "")).toThrow("there is no <!-- table");
});

test("draws the rows that goals name, longest bar for the greatest sample", () => {
  const svg = chartOf(result, [benchmark.goals[0] as Benchmark["goals"][number]]);
  expect(svg).toContain('aria-label="this &lt;against&gt; that"');
  expect(svg).toContain("throughput, requests/s: 5×");
  expect(svg).not.toContain("stall");
  const [ours = 0, theirs = 0] = [...svg.matchAll(/<rect class="\w+" .*? width="([\d.]+)"/g)].map(([, w]) => Number(w));
  expect(ours / theirs).toBeCloseTo(5, 1);
});
