import type { Goal, Row } from "./benchmark.ts";
import type { Result } from "./results.ts";
import { isMet, ratioOf, rivalOf, type Spread, spreadOf } from "./stats.ts";

/** Three significant digits, with thousands apart: 0.581, 12.9, 5,050. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

/** The median and, when there are several samples, how far they lie apart. */
export function spreadText({ median, min, max }: Spread): string {
  return min === max ? figure(median) : `${figure(median)} (${figure(min)}–${figure(max)})`;
}

export function ratioText(row: Row): string {
  const ratio = ratioOf(row);
  return ratio === undefined ? "" : `${figure(ratio.median)}×`;
}

/** `≥ 4×`, or `≤ 50 ms` for a goal of our value alone. */
export function goalText({ of, want }: Goal, unit: string): string {
  const [sign, bound] = "atLeast" in want ? ["≥", want.atLeast] : ["≤", want.atMost];
  return `${sign} ${figure(bound)}${of === "ratio" ? "×" : ` ${unit}`}`.trimEnd();
}

/** A result as lines for a terminal. */
export function resultText(result: Result, goals: readonly Goal[]): string {
  const lines = [`${result.benchmark}: ${result.title}`];
  for (const row of result.rows) {
    lines.push(`  ${row.label}, ${row.unit}`);
    for (const { name, samples } of row.sides) lines.push(`    ${name.padEnd(24)} ${spreadText(spreadOf(samples))}`);
    const ratio = ratioOf(row);
    if (ratio !== undefined) lines.push(`    ratio to ${(rivalOf(row)?.name ?? "").padEnd(14)} ${spreadText(ratio)}`);
    for (const goal of goals.filter((goal) => goal.row === row.key)) {
      const met = isMet(goal, row);
      const verdict = met === undefined ? "not to be told" : met ? "met" : "missed";
      lines.push(`    goal ${goalText(goal, row.unit)}: ${verdict}`);
    }
  }
  for (const [side, { answered, failed }] of Object.entries(result.requests ?? {})) {
    lines.push(`  ${side}: ${figure(answered)} answers, ${failed} errors`);
  }
  for (const [name, value] of Object.entries(result.settings)) lines.push(`  ${name}: ${value}`);
  return lines.join("\n");
}
