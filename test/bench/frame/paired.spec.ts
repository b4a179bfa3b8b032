import { expect, test } from "vitest";
import { callsPerSecond, inTurns } from "../../../bench/frame/index.ts";

test("measures the sides in turns", async () => {
  const order: string[] = [];
  const side = (name: string) => async () => {
    order.push(name);
    return order.length;
  };
  expect(await inTurns([side("a"), side("b")], 3)).toEqual([
    [1, 3, 5],
    [2, 4, 6],
  ]);
  expect(order).toEqual(["a", "b", "a", "b", "a", "b"]);
});

test("counts the calls that it makes", () => {
  let calls = 0;
  const [rates = []] = callsPerSecond([() => ++calls], { seconds: 0.02, rounds: 3 });
  expect(rates).toHaveLength(3);
  for (const rate of rates) {
    expect(rate).toBeGreaterThan(0);
    // Each spell took at least its time, and there were no calls but those made.
    expect(rate * 0.02).toBeLessThanOrEqual(calls);
  }
});
