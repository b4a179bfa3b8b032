import { expect, test } from "vitest";
import { leastLoaded } from "../../../gateway/upstream/picker.ts";

const endpoint = (name: string, inFlight: number, pickable = true) => ({ name, inFlight, pickable });

for (const { name, endpoints, want } of [
  { name: "nothing of nothing", endpoints: [], want: undefined },
  { name: "the least busy one", endpoints: [endpoint("a", 3), endpoint("b", 1), endpoint("c", 2)], want: "b" },
  // A dead endpoint has nothing in flight.
  { name: "not the idle one that cannot be picked", endpoints: [endpoint("a", 0, false), endpoint("b", 9)], want: "b" },
  { name: "nothing when none can be picked", endpoints: [endpoint("a", 0, false)], want: undefined },
]) {
  test(`picks ${name}`, () => expect(leastLoaded(endpoints)?.name).toBe(want));
}

test("spreads ties evenly", () => {
  const idle = ["a", "b", "c"].map((name) => endpoint(name, 0));
  const counts = new Map<string, number>();
  for (let i = 0; i < 9_000; i++) {
    const name = leastLoaded(idle)?.name ?? "";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const count of counts.values()) expect(count / 9_000).toBeCloseTo(1 / 3, 1);
});

test("avoids where the call has failed, unless nothing else is left", () => {
  const [idle, busy] = [endpoint("idle", 0), endpoint("busy", 5)];
  expect(leastLoaded([idle, busy], new Set([idle]))).toBe(busy);
  expect(leastLoaded([idle], new Set([idle]))).toBe(idle);
});
