import { expect, test } from "vitest";
import { type CpuProfile, flameGraph, framesOf } from "../../../bench/frame/index.ts";

const frame = (functionName: string, url = "") => ({ functionName, url, lineNumber: 6 });

/** serve calls parse and JSON.parse; a sample each 10 µs. */
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2, 3] },
    { id: 2, callFrame: frame("(idle)") },
    { id: 3, callFrame: frame("serve", "file:///p/gateway/serve.js"), children: [4, 5] },
    { id: 4, callFrame: frame("parse<T>", "file:///p/node_modules/x/index.js") },
    { id: 5, callFrame: frame("", "node:internal/url") },
  ],
  samples: [4, 2, 3, 4, 4, 5],
  timeDeltas: [0, 10, 10, 10, 10, 10],
  startTime: 1000,
  endTime: 1050,
};

test("counts a function's time with that of what it called, without idle time", () => {
  const all = framesOf(profile, Number.POSITIVE_INFINITY);
  const [serve] = [...all.called.values()];
  expect(all.micros).toBe(40);
  expect(serve).toMatchObject({ name: "serve", url: "file:///p/gateway/serve.js:7", micros: 40 });
  expect([...(serve?.called.values() ?? [])].map(({ name, micros }) => [name, micros])).toEqual([
    ["parse<T>", 30],
    ["(anonymous)", 0],
  ]);
});

test("leaves out what was before the load", () => {
  expect(framesOf(profile, 30).micros).toBe(30);
});

test("draws callers under what they called, as wide as their part of the time", () => {
  const svg = flameGraph(framesOf(profile, Number.POSITIVE_INFINITY), "t", (url) => url.replace("file:///p/", ""));
  expect(svg).toContain("<title>serve gateway/serve.js:7, 100.0 %</title>");
  expect(svg).toContain("<title>parse&lt;T&gt; node_modules/x/index.js:7, 75.0 %</title>");
  expect(svg).toMatch(/class="package" x="0.0" y="-51" width="1200.0"/);
});
