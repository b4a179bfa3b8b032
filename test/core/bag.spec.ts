import { describe, expect, test } from "vitest";
import { Bag } from "../../core/bag.ts";

const item = (name: string): { name: string; bagIndex: number } => ({ name, bagIndex: -1 });

describe("a bag", () => {
  test("holds what was added and not deleted since, each once", () => {
    const bag = new Bag<ReturnType<typeof item>>();
    const [a, b, c] = [item("a"), item("b"), item("c")] as const;
    for (const it of [a, b, b, c]) bag.add(it);
    expect(new Set(bag.items())).toEqual(new Set([a, b, c]));
    expect(bag.items()).toHaveLength(3);
    expect(bag.delete(a)).toBe(true);
    expect(bag.delete(a)).toBe(false);
    expect(new Set(bag.items())).toEqual(new Set([b, c]));
    expect(bag.delete(c)).toBe(true);
    bag.add(a);
    expect(new Set(bag.items())).toEqual(new Set([a, b]));
  });

  test("is the same as a Set after any turns", () => {
    const bag = new Bag<ReturnType<typeof item>>();
    const set = new Set<ReturnType<typeof item>>();
    const items = Array.from({ length: 40 }, (_, i) => item(String(i)));
    let state = 7;
    for (let turn = 0; turn < 5_000; turn++) {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      const it = items[state % items.length] as ReturnType<typeof item>;
      if ((state >> 8) % 2 === 0) {
        bag.add(it);
        set.add(it);
      } else {
        expect(bag.delete(it)).toBe(set.delete(it));
      }
    }
    expect(new Set(bag.items())).toEqual(set);
    expect(bag.items()).toHaveLength(set.size);
  });
});
