import { expect, test } from "vitest";
import { LATENCY_BOUNDS_SECONDS } from "../../../gateway/observe/index.ts";
import { type Counts, seenOf } from "../../../gateway/ramps/seen.ts";
import { Window } from "../../../gateway/ramps/window.ts";
import { reportOf } from "./setup.ts";

function counts(requests: number, errors = 0, ms = 10): Counts {
  return reportOf({ new: { requests, errors, ms } }).figures[0] as Counts;
}

function requestsIn(window: Window, atMs: number, requests: number): number {
  return window.add(atMs, { arm: counts(requests), baseline: counts(0) }).arm.requests;
}

test("only what came after the first look counts, and what is older than the window no longer", () => {
  const window = new Window(10_000);
  expect(requestsIn(window, 0, 500)).toBe(0);
  for (let second = 1; second <= 10; second++) {
    expect(requestsIn(window, second * 1000, 500 + second)).toBe(second);
  }
  for (let second = 11; second <= 30; second++) expect(requestsIn(window, second * 1000, 500 + second)).toBe(10);
});

test("many looks at a long window slide it by some of them", () => {
  const window = new Window(60_000);
  let last = 0;
  for (let ms = 0; ms <= 300_000; ms += 20) last = requestsIn(window, ms, ms);
  expect(last).toBeGreaterThanOrEqual(60_000);
  expect(last).toBeLessThanOrEqual(61_000);
});

test("cleared, it begins with the next look", () => {
  const window = new Window(10_000);
  requestsIn(window, 0, 0);
  expect(requestsIn(window, 1000, 50)).toBe(50);
  window.clear();
  expect(requestsIn(window, 2000, 60)).toBe(0);
  expect(requestsIn(window, 3000, 65)).toBe(5);
});

test("counts that were lost are not below nothing, and a clock that goes back begins anew", () => {
  const window = new Window(10_000);
  requestsIn(window, 5000, 100);
  expect(requestsIn(window, 6000, 40)).toBe(0);
  expect(requestsIn(window, 1000, 50)).toBe(0);
  expect(requestsIn(window, 2000, 51)).toBe(1);
});

test("a quantile is that of the calls, a fifth off at most", () => {
  for (const ms of [0.05, 0.3, 7, 80, 1234, 30_000]) {
    const { latencyMs } = seenOf(counts(100, 0, ms), 99);
    expect(latencyMs / ms).toBeGreaterThan(ms < 0.1 ? 0 : 1 / 1.2);
    expect(latencyMs / ms).toBeLessThan(ms < 0.1 ? 2 : 1.2);
  }
});

test("the quantile tells a few slow calls from many, and nothing from nothing", () => {
  const buckets = LATENCY_BOUNDS_SECONDS.map(() => 0).concat(2);
  buckets[20] = 98;
  const mixed = { requests: 100, errors: 3, refusals: 4, latencyBuckets: buckets };
  expect(seenOf(mixed, 98).latencyMs).toBeCloseTo((LATENCY_BOUNDS_SECONDS[20] as number) * 1000);
  expect(seenOf(mixed, 99).latencyMs).toBeGreaterThanOrEqual(60_000);
  expect(seenOf(mixed, 99)).toMatchObject({ errorPercent: 3, refusedPercent: 4 });
  expect(seenOf({ requests: 0, errors: 0, refusals: 0, latencyBuckets: [] }, 99)).toEqual({
    requests: 0,
    errorPercent: 0,
    refusedPercent: 0,
    latencyMs: 0,
  });
});
