import { escapeXml } from "./chart.ts";
import type { Frame } from "./cpu-profile.ts";

const WIDTH = 1600;
const ROW = 17;
/** Narrower ones cannot be seen. */
const LEAST_WIDTH = 0.5;
const LETTER = 6.6;

/** A flame graph: callers below, what they called above, as wide as the time that it took. Names show when pointed at. */
export function flameGraph(root: Frame, title: string, shorten: (url: string) => string): string {
  const boxes: string[] = [];
  let deepest = 0;
  const perMicro = WIDTH / Math.max(1, root.micros);
  const place = (frame: Frame, x: number, depth: number): void => {
    const width = frame.micros * perMicro;
    if (width < LEAST_WIDTH) return;
    deepest = Math.max(deepest, depth);
    boxes.push(box(frame, { x, width, depth, part: frame.micros / root.micros }, shorten));
    let left = x;
    for (const called of [...frame.called.values()].toSorted((a, b) => b.micros - a.micros)) {
      place(called, left, depth + 1);
      left += called.micros * perMicro;
    }
  };
  place(root, 0, 0);
  const height = (deepest + 1) * ROW + 30;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">
<style>
rect { stroke: #fff; stroke-width: 0.5 }
text { font: 11px ui-monospace, monospace; fill: #111; pointer-events: none }
.project { fill: #5fc3bb } .package { fill: #f0c36d } .node { fill: #b7c4d6 } .native { fill: #e5938a }
</style>
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
<text x="4" y="14">${escapeXml(`${title}: ${Math.round(root.micros / 1000)} ms`)}</text>
${KINDS.map((kind, index) => `<rect class="${kind}" x="${WIDTH - 420 + index * 105}" y="4" width="100" height="14"/><text x="${WIDTH - 414 + index * 105}" y="15">${kind}</text>`).join("\n")}
<g transform="translate(0 ${height})">
${boxes.join("\n")}
</g>
</svg>
`;
}

interface Place {
  readonly x: number;
  readonly width: number;
  readonly depth: number;
  /** Of all time, from 0 to 1. */
  readonly part: number;
}

function box({ name, url }: Frame, { x, width, depth, part }: Place, shorten: (url: string) => string): string {
  const y = -(depth + 1) * ROW;
  const where = url === "" ? "" : ` ${shorten(url)}`;
  const letters = Math.floor((width - 4) / LETTER);
  const label =
    letters < 3 ? "" : `<text x="${fixed(x + 3)}" y="${y + 12}">${escapeXml(name.slice(0, letters))}</text>`;
  const title = escapeXml(`${name}${where}, ${(part * 100).toFixed(1)} %`);
  return `<g><title>${title}</title><rect class="${kindOf(url)}" x="${fixed(x)}" y="${y}" width="${fixed(width)}" height="${ROW - 1}"/>${label}</g>`;
}

const KINDS = ["project", "package", "node", "native"] as const;

function kindOf(url: string): (typeof KINDS)[number] {
  if (url === "") return "native";
  if (url.startsWith("node:")) return "node";
  return url.includes("/node_modules/") ? "package" : "project";
}

function fixed(value: number): string {
  return value.toFixed(1);
}
