import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { atMostEvery } from "../../gateway/health-teller.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("many calls become one, at the end of the period", () => {
  const act = vi.fn();
  const call = atMostEvery(50, act);
  for (let i = 0; i < 10; i++) call();
  vi.advanceTimersByTime(49);
  expect(act).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(act).toHaveBeenCalledTimes(1);
});

test("what takes long is done less often, but each second", () => {
  let tookMs = 20;
  const act = vi.fn();
  const now = vi.spyOn(performance, "now");
  const call = atMostEvery(50, act);
  const after = (ms: number): number => {
    now.mockReturnValueOnce(0).mockReturnValueOnce(tookMs);
    call();
    const before = act.mock.calls.length;
    vi.advanceTimersByTime(ms - 1);
    expect(act).toHaveBeenCalledTimes(before);
    vi.advanceTimersByTime(1);
    return act.mock.calls.length - before;
  };
  expect(after(50)).toBe(1);
  tookMs = 900;
  expect(after(400)).toBe(1);
  tookMs = 1;
  expect(after(1_000)).toBe(1);
  expect(after(50)).toBe(1);
});
