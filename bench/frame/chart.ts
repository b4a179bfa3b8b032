import type { Goal, Row } from "./benchmark.ts";
import type { Result } from "./results.ts";
import { spreadOf } from "./stats.ts";
import { ratioText, spreadText } from "./text.ts";

const WIDTH = 760;
const LEFT = 190;
const RIGHT = 170;
const BAR = 18;
const GAP = 6;

/**
 * A result as an SVG: for each row that a goal names (or all, where none is) a bar for each side, as long as its median, with a line from its least to its greatest
 * sample. Bars of a row share a scale. Colours follow the reader's light or dark theme.
 */
export function chartOf({ benchmark, title, rows }: Result, goals: readonly Goal[]): string {
  const named = rows.filter(({ key }) => goals.some(({ row }) => row === key));
  let y = 30;
  const parts: string[] = [];
  for (const row of named.length > 0 ? named : rows) {
    const { svg, height } = rowChart(row, y);
    parts.push(svg);
    y += height;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="${escapeXml(title)}">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.quiet { fill: #59636e }
.ours { fill: #0b7a75 }
.theirs { fill: #9aa4af }
.spread { stroke: #1f2328; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.quiet { fill: #9198a1 }
.ours { fill: #2fb5ac }
.theirs { fill: #656c76 }
.spread { stroke: #f0f6fc }
}
</style>
<text class="title" x="0" y="16">${escapeXml(benchmark)}</text>
${parts.join("\n")}
</svg>
`;
}

function rowChart(row: Row, top: number): { readonly svg: string; readonly height: number } {
  const spreads = row.sides.map(({ samples }) => spreadOf(samples));
  const longest = Math.max(...spreads.map(({ max }) => max), Number.MIN_VALUE);
  const scale = (value: number): number => round(LEFT + (Math.max(0, value) / longest) * (WIDTH - LEFT - RIGHT));
  const ratio = ratioText(row);
  const head = `${row.label}, ${row.unit}${row.better === "less" ? " (less is better)" : ""}${ratio === "" ? "" : `: ${ratio}`}`;
  const bars = spreads.map((spread, side) => {
    const y = top + 22 + side * (BAR + GAP);
    const middle = y + BAR / 2;
    const end = scale(spread.median);
    return [
      `<text x="${LEFT - 8}" y="${middle + 4}" text-anchor="end">${escapeXml(row.sides[side]?.name ?? "")}</text>`,
      `<rect class="${side === 0 ? "ours" : "theirs"}" x="${LEFT}" y="${y}" width="${round(end - LEFT)}" height="${BAR}" rx="2"/>`,
      `<line class="spread" x1="${scale(spread.min)}" y1="${middle}" x2="${scale(spread.max)}" y2="${middle}"/>`,
      `<text class="quiet" x="${Math.max(end, scale(spread.max)) + 8}" y="${middle + 4}">${spreadText(spread)}</text>`,
    ].join("\n");
  });
  return {
    svg: [`<text class="quiet" x="0" y="${top + 12}">${escapeXml(head)}</text>`, ...bars].join("\n"),
    height: 22 + row.sides.length * (BAR + GAP) + 16,
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
