import { expect, test } from "vitest";
import { createRetryBudget } from "../../../gateway/upstream/retry-budget.ts";

function taken(budget: { take(): boolean }, tries: number): number {
  return Array.from({ length: tries }, () => budget.take()).filter(Boolean).length;
}

test("allows a part of the calls of the last ten seconds, and the reserve", () => {
  let nowMs = 5_000;
  const budget = createRetryBudget(
    () => 20,
    1,
    () => nowMs,
  );
  for (let i = 0; i < 500; i++) budget.deposit();
  expect(taken(budget, 1_000)).toBe(100 + 10);

  nowMs += 4_000;
  expect(budget.take()).toBe(false);
  for (let i = 0; i < 5; i++) budget.deposit();
  expect(taken(budget, 10)).toBe(1);

  // The first second's calls and retries are now out of the window.
  nowMs += 6_000;
  expect(taken(budget, 100)).toBe(10);
});

test("takes up another percentage at once", () => {
  let percent = 0;
  const budget = createRetryBudget(
    () => percent,
    0,
    () => 0,
  );
  for (let i = 0; i < 10; i++) budget.deposit();
  expect(budget.take()).toBe(false);
  percent = 100;
  expect(taken(budget, 20)).toBe(10);
});
