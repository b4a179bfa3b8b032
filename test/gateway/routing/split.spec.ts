import { describe, expect, test } from "vitest";
import { armByChance, armByKey } from "../../../gateway/routing/split.ts";

const arm = (name: string, weight: number) => ({ name, weight, hashKey: `m\0label\0${name}` });
const KEYS = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);

/** Deterministic numbers in [0, 1): the low-discrepancy sequence of the golden ratio. */
function evenly(): () => number {
  let state = 0.5;
  return () => (state = (state + 0.618_033_988_749_895) % 1);
}

function shareOf(name: string, picks: readonly (string | undefined)[]): number {
  return picks.filter((pick) => pick === name).length / picks.length;
}

describe("by chance", () => {
  test("meets the weights over 4,000 requests", () => {
    const random = evenly();
    const picks = Array.from({ length: 4_000 }, () => armByChance([arm("a", 90), arm("b", 10)], random())?.name);
    expect(shareOf("b", picks)).toBeCloseTo(0.1, 2);
  });

  test("weights need not sum up to 100", () => {
    const random = evenly();
    const arms = [arm("a", 0.5), arm("b", 1), arm("c", 0.5)];
    const picks = Array.from({ length: 4_000 }, () => armByChance(arms, random())?.name);
    expect(shareOf("b", picks)).toBeCloseTo(0.5, 2);
    expect(shareOf("c", picks)).toBeCloseTo(0.25, 2);
  });

  test("the highest number that chance gives still picks the last arm", () => {
    expect(armByChance([arm("a", 0.1), arm("b", 0.2)], 1 - Number.EPSILON / 2)?.name).toBe("b");
  });

  test("no arm, no pick", () => expect(armByChance([], 0.5)).toBeUndefined());
});

function pick(arms: readonly ReturnType<typeof arm>[]): (string | undefined)[] {
  return KEYS.map((key) => armByKey(arms, key)?.name);
}

describe("by key", () => {
  test("meets the weights over many keys", () => {
    const picks = pick([arm("a", 90), arm("b", 10)]);
    expect(shareOf("b", picks)).toBeGreaterThan(0.093);
    expect(shareOf("b", picks)).toBeLessThan(0.107);
  });

  test("raising an arm from 5 to 10 percent moves 5 percent of the keys, all of them to it", () => {
    const before = pick([arm("a", 95), arm("b", 5)]);
    const after = pick([arm("a", 90), arm("b", 10)]);
    const moved = after.filter((name, index) => name !== before[index]);
    expect(new Set(moved)).toEqual(new Set(["b"]));
    expect(moved.length / KEYS.length).toBeCloseTo(0.05, 2);
  });

  test("an arm that is left out moves only its own keys, and gets them back", () => {
    const arms = [arm("a", 50), arm("b", 30), arm("c", 20)];
    const before = pick(arms);
    const without = pick(arms.filter(({ name }) => name !== "c"));
    without.forEach((name, index) => {
      if (before[index] !== "c") expect(name).toBe(before[index]);
    });
    expect(pick(arms)).toEqual(before);
  });

  test("the order of the arms does not matter", () => {
    const arms = [arm("a", 60), arm("b", 40)];
    expect(pick(arms.toReversed())).toEqual(pick(arms));
  });

  // The same client must land in the same arm behind every gateway and after every restart.
  test("gives what it always gave", () => {
    const arms = [arm("stable", 50), arm("canary", 50)];
    expect(KEYS.slice(0, 8).map((key) => armByKey(arms, key)?.name)).toMatchInlineSnapshot(`
      [
        "canary",
        "canary",
        "stable",
        "stable",
        "canary",
        "canary",
        "canary",
        "canary",
      ]
    `);
  });

  test("another model draws anew", () => {
    const other = [arm("a", 50), arm("b", 50)].map((it) => ({ ...it, hashKey: `n${it.hashKey}` }));
    const both = KEYS.map((key) => armByKey(other, key)?.name === armByKey([arm("a", 50), arm("b", 50)], key)?.name);
    expect(both.filter(Boolean).length / KEYS.length).toBeCloseTo(0.5, 1);
  });
});
