import { expect, test } from "vitest";
import { obey, type RampCommand } from "../../../gateway/ramps/command.ts";
import { LONGEST_GAP_MS, next } from "../../../gateway/ramps/next.ts";
import { firstState, type RampPhase, type RampState } from "../../../gateway/ramps/ramp-state.ts";
import { rampWith } from "./setup.ts";

const RAMP = rampWith();
const SEEN = { requests: 100, errorPercent: 0, refusedPercent: 0, latencyMs: 10 };
const WELL = { arm: SEEN, baseline: SEEN };

function at(phase: RampPhase): RampState {
  return { ...firstState(RAMP, 0), phase, step: phase === "done" ? 2 : 1, spentMs: 4000, baseline: SEEN };
}

for (const { command, phase, want } of [
  { command: "pause", phase: "running", want: "paused" },
  { command: "pause", phase: "paused", want: "paused" },
  { command: "pause", phase: "rolledBack", want: "cannot pause a ramp that is rolled back; restart begins it anew" },
  { command: "pause", phase: "done", want: "cannot pause a ramp that is done; restart begins it anew" },
  { command: "resume", phase: "running", want: "running" },
  { command: "resume", phase: "paused", want: "running" },
  { command: "resume", phase: "rolledBack", want: "cannot resume a ramp that is rolled back; restart begins it anew" },
  { command: "resume", phase: "done", want: "done" },
  { command: "rollBack", phase: "running", want: "rolledBack" },
  { command: "rollBack", phase: "paused", want: "rolledBack" },
  { command: "rollBack", phase: "rolledBack", want: "rolledBack" },
  { command: "rollBack", phase: "done", want: "rolledBack" },
] satisfies { command: RampCommand; phase: RampPhase; want: string }[]) {
  test(`${command} of a ramp that is ${phase}: ${want}`, () => {
    const act = (): RampState => obey(at(phase), RAMP, command, 9000);
    if (want.startsWith("cannot")) return expect(act).toThrow(want);
    expect(act().phase).toBe(want);
    expect(act().step).toBe(at(phase).step);
  });
}

test("restart begins anew from wherever it was", () => {
  for (const phase of ["running", "paused", "rolledBack", "done"] as const) {
    expect(obey(at(phase), RAMP, "restart", 9000)).toEqual(firstState(RAMP, 9000));
  }
});

test("a paused step goes on with the time that it had left", () => {
  let state = obey(at("running"), RAMP, "pause", 1000);
  for (const nowMs of [2000, 3000, 500_000]) state = next(state, RAMP, WELL, nowMs);
  state = next(obey(state, RAMP, "resume", 600_000), RAMP, WELL, 601_000);
  expect(state).toMatchObject({ phase: "running", spentMs: 5000, reason: "" });
  expect(LONGEST_GAP_MS).toBeGreaterThan(1000);
});

test("the guard of a ramp that was paused by hand goes on watching", () => {
  const bad = { arm: { ...SEEN, errorPercent: 50 }, baseline: SEEN };
  expect(next(obey(at("running"), RAMP, "pause", 1000), RAMP, bad, 2000).phase).toBe("rolledBack");
});
