import { expect, test } from "vitest";
import { type Figures, LONGEST_GAP_MS, next } from "../../../gateway/ramps/next.ts";
import { firstState, percentOf, type RampState } from "../../../gateway/ramps/ramp-state.ts";
import type { Seen } from "../../../gateway/ramps/seen.ts";
import { rampWith } from "./setup.ts";

const MINUTE = 60_000;
const SECOND = 1000;

function seen(requests: number, errorPercent = 0, latencyMs = 10, refusedPercent = 0): Seen {
  return { requests, errorPercent, refusedPercent, latencyMs };
}

const NOBODY: Figures = { arm: seen(0), baseline: seen(0) };
const WELL: Figures = { arm: seen(100), baseline: seen(1000) };

/** A ramp that is looked at each second for so long; the last state. */
function watched(
  ramp: ReturnType<typeof rampWith>,
  figures: Figures,
  forMs: number,
  from = firstState(ramp, 0),
): RampState {
  let state = from;
  for (let passed = SECOND; passed <= forMs; passed += SECOND) state = next(state, ramp, figures, from.seenMs + passed);
  return state;
}

const ALL_GUARDS = {
  guard: {
    maxErrors: "10%",
    maxErrorIncrease: "1%",
    maxLatency: "1s",
    maxLatencyIncrease: "50%",
    latencyQuantile: "95%",
  },
};

for (const { name, guard = ALL_GUARDS, figures, reason } of [
  {
    name: "nothing is judged with fewer requests than minRequests",
    figures: { arm: seen(19, 100, 5000), baseline: seen(1000) },
  },
  { name: "an arm like the baseline goes on", figures: WELL },
  {
    name: "errors as far apart as they may be are no breach",
    figures: { arm: seen(100, 3), baseline: seen(1000, 2) },
  },
  {
    name: "more errors than allowed at all, though the baseline has as many",
    figures: { arm: seen(100, 11), baseline: seen(1000, 11) },
    reason: "of 100 requests of new 11% failed, more than 10%",
  },
  {
    name: "more errors than the baseline",
    figures: { arm: seen(100, 3.1), baseline: seen(1000, 2) },
    reason: "of 100 requests of new 3.1% failed, and 2% of the baseline's: more than 1% apart",
  },
  {
    name: "what both refuse is the clients' fault",
    figures: { arm: seen(100, 0, 10, 50), baseline: seen(1000, 0, 10, 50) },
  },
  {
    name: "what the arm refuses and the baseline doesn't is the arm's",
    figures: { arm: seen(100, 0, 10, 5), baseline: seen(1000, 0, 10, 3) },
    reason: "new refused 5% of 100 requests as wrong, and the baseline 3%: more than 1% apart",
  },
  {
    name: "slower than allowed at all, though the baseline is as slow",
    figures: { arm: seen(100, 0, 1001), baseline: seen(1000, 0, 1001) },
    reason: "new takes 1001 ms at 95%, more than 1000 ms",
  },
  {
    name: "slower than the baseline",
    figures: { arm: seen(100, 0, 16), baseline: seen(1000, 0, 10) },
    reason: "new takes 16 ms at 95%, the baseline 10 ms: more than 50% longer",
  },
  {
    name: "a baseline with too few requests is no measure",
    figures: { arm: seen(100, 9, 900), baseline: seen(19) },
  },
  {
    name: "latency counts only where the guard says so",
    guard: {},
    figures: { arm: seen(100, 0, 9000), baseline: seen(1000) },
  },
  {
    name: "of errors an increase of 1% is the most without a word about it",
    guard: {},
    figures: { arm: seen(100, 2), baseline: seen(1000) },
    reason: "of 100 requests of new 2% failed, and 0% of the baseline's: more than 1% apart",
  },
]) {
  test(name, () => {
    const ramp = rampWith(guard);
    const after = next(firstState(ramp, 0), ramp, figures, SECOND);
    expect(after.reason).toBe(reason ?? "");
    expect(after.phase).toBe(reason === undefined ? "running" : "rolledBack");
    expect(percentOf(ramp, after)).toBe(reason === undefined ? 5 : 0);
  });
}

test("each step lasts its time, and the last one stays", () => {
  const ramp = rampWith();
  const steps = [5, 50, 100];
  let state = firstState(ramp, 0);
  for (const [i, percent] of steps.entries()) {
    expect([state.step, percentOf(ramp, state)]).toEqual([i, percent]);
    expect(watched(ramp, WELL, 10 * MINUTE - SECOND, state).step).toBe(i);
    state = watched(ramp, WELL, 10 * MINUTE, state);
  }
  expect(state).toMatchObject({ phase: "done", step: 2, sinceMs: 20 * MINUTE });
});

test("without requests time alone passes a step", () => {
  const ramp = rampWith();
  expect(watched(ramp, NOBODY, 10 * MINUTE).step).toBe(1);
});

test("no time passes while nothing of the arm is available", () => {
  const ramp = rampWith({ steps: [{ percent: "5%", for: "3s" }, { percent: "100%" }] });
  let state = firstState(ramp, 0);
  for (let nowMs = SECOND; nowMs < MINUTE; nowMs += SECOND) state = next(state, ramp, NOBODY, nowMs, false);
  expect(state).toMatchObject({ step: 0, spentMs: 0 });
  expect(watched(ramp, NOBODY, 3 * SECOND, state).step).toBe(1);
});

test("a last step with a time of its own is done after it, and keeps its percent", () => {
  const ramp = rampWith({ steps: [{ percent: "20%", for: "5m" }] });
  expect(watched(ramp, WELL, 5 * MINUTE - SECOND).phase).toBe("running");
  const done = watched(ramp, WELL, 5 * MINUTE);
  expect([done.phase, percentOf(ramp, done)]).toEqual(["done", 20]);
});

test("a ramp that is done is watched for the first window of its last step, and no longer", () => {
  const ramp = rampWith({ steps: [{ percent: "100%" }], guard: { window: "30s" } });
  const bad = { arm: seen(100, 50), baseline: seen(1000) };
  expect(firstState(ramp, 0).phase).toBe("done");
  const late = watched(ramp, WELL, 29 * SECOND);
  expect(next(late, ramp, bad, 30 * SECOND).phase).toBe("rolledBack");
  expect(next(watched(ramp, WELL, 30 * SECOND), ramp, bad, 31 * SECOND).phase).toBe("done");
});

test("a step at 100% is held against what the baseline did before", () => {
  const ramp = rampWith({ steps: [{ percent: "50%", for: "1s" }, { percent: "100%" }] });
  const full = next(firstState(ramp, 0), ramp, { arm: seen(50, 2), baseline: seen(50, 1) }, SECOND);
  expect(full.step).toBe(1);
  const alone = (errors: number): Figures => ({ arm: seen(100, errors), baseline: seen(0) });
  expect(next(full, ramp, alone(2), 2 * SECOND).phase).toBe("done");
  expect(next(full, ramp, alone(2.5), 2 * SECOND).phase).toBe("rolledBack");
});

test("a breach pauses where the guard says so; time stands still, and nothing is judged", () => {
  const ramp = rampWith({ guard: { onBreach: "pause" } });
  const bad = { arm: seen(100, 50), baseline: seen(1000) };
  const paused = next(watched(ramp, WELL, MINUTE), ramp, bad, MINUTE + SECOND);
  expect([paused.phase, percentOf(ramp, paused), paused.spentMs]).toEqual(["paused", 5, MINUTE]);
  expect(watched(ramp, bad, 60 * MINUTE, paused)).toMatchObject({ ...paused, seenMs: 61 * MINUTE + SECOND });
});

test("what is rolled back stays so, whatever its figures are", () => {
  const ramp = rampWith();
  const back = next(firstState(ramp, 0), ramp, { arm: seen(100, 50), baseline: seen(1000) }, SECOND);
  expect(watched(ramp, WELL, 60 * MINUTE, back)).toMatchObject({
    phase: "rolledBack",
    reason: back.reason,
    sinceMs: SECOND,
  });
});

test("a clock that goes back takes no time, one that leaps takes little", () => {
  const ramp = rampWith();
  const state = watched(ramp, WELL, MINUTE);
  const back = next(state, ramp, WELL, -60 * MINUTE);
  expect(back.spentMs).toBe(MINUTE);
  expect(next(back, ramp, WELL, -60 * MINUTE + SECOND).spentMs).toBe(MINUTE + SECOND);
  expect(next(state, ramp, WELL, 1000 * MINUTE).spentMs).toBe(MINUTE + LONGEST_GAP_MS);
});
