import { describe, expect, test } from "vitest";
import { InferenceError } from "../../../core/index.ts";
import type { Merging } from "../../../gateway/call.ts";
import { answered, badRow, batching, call, floats, halves, servable, turn, workers } from "./support.ts";

type Run = Parameters<typeof workers>[0];

const UNPROVEN: Merging = { is: "unproven", reason: "strings" };

/** In company a bit more. */
function bit(x: readonly number[]): number[] {
  return x.map((value) => value * (x.length > 1 ? 1.01 : 1));
}

/** A model of which nothing is known, and calls to it one after the other. */
function unproven(run: Run, config: Parameters<typeof batching>[1] = {}) {
  const target = servable(1, UNPROVEN);
  const all = workers(run);
  const batched = batching(all.send, config);
  const ask = async (x: readonly number[]): Promise<number[]> => {
    const answer = answered(batched(call(x, { target })));
    const settled = Promise.allSettled([answer]);
    if (all.held.length === 0) await turn(); // the last had company, so this one waits for some
    while (all.held.length > 0) {
      all.letAll();
      await turn();
    }
    await settled;
    return await answer;
  };
  const askEach = async (from: number, count: number): Promise<void> => {
    for (let i = from; i < from + count; i++) await ask([i]);
  };
  /** Whether calls that come at the same time wait for one another. They make pairs, too. */
  const joins = async (): Promise<boolean> => {
    const calls = [101, 102, 103].map((value) => batched(call([value], { target })));
    await turn();
    const atOnce = all.held.length;
    for (let i = 0; i < 4; i++) {
      all.letAll();
      await turn();
    }
    await Promise.all(calls);
    return atOnce < calls.length;
  };
  return { ...all, batched, target, ask, askEach, joins };
}

describe("calls of a signature of which nothing is known", () => {
  test("travel alone, while pairs of them are tried besides; eight that agree prove it", async () => {
    const { askEach, sent, joins } = unproven(halves);
    await askEach(0, 14);
    expect(sent.filter((x) => x.length === 2)).toEqual([0, 2, 4, 6, 8, 10, 12].map((first) => [first, first + 1]));
    expect(await joins()).toBe(false);
    expect(await joins()).toBe(true);
    const tried = sent.length;
    await askEach(16, 4);
    expect(sent.length).toBe(tried + 4);
  });

  test("are compared with what was answered, whatever the edge has made of that memory since", async () => {
    const { batched, target, held, letAll, joins } = unproven(halves);
    for (let i = 0; i < 16; i++) {
      const answer = batched(call([i], { target }));
      while (held.length > 0) {
        letAll();
        await turn();
        const { content } = await answer;
        if (content.is === "message") content.message.fill(0);
      }
    }
    expect(await joins()).toBe(true);
  });

  test("get the answers that they get alone", async () => {
    const { ask } = unproven((x) => (x.length === 1 ? halves(x) : x.map(() => 666)));
    expect(await ask([1])).toEqual([0.5]);
    expect(await ask([2])).toEqual([1]);
  });

  for (const { name, run } of [
    { name: "statistics of the batch", run: (x: readonly number[]) => x.map((value) => value - mean(x)) },
    { name: "a sort over the batch", run: (x: readonly number[]) => x.toSorted((a, b) => b - a) },
    { name: "an answer of other rows", run: (x: readonly number[]) => x.slice(0, 1) },
    { name: "an answer without rows", run: () => floats([], [1]) },
    {
      name: "an error in company",
      run: (x: readonly number[]) => {
        if (x.length > 1) throw badRow();
        return x;
      },
    },
  ]) {
    test(`are never joined after one difference: ${name}`, async () => {
      const { askEach, sent, joins } = unproven(run);
      await askEach(0, 20);
      expect(sent.filter((x) => x.length > 1)).toEqual([[0, 1]]);
      expect(await joins()).toBe(false);
    });
  }

  test("are tried again when a pair has only failed for want of a worker", async () => {
    let failures = 2;
    const { askEach, sent, joins } = unproven((x) => {
      if (x.length === 2 && failures-- > 0) throw new InferenceError("UNAVAILABLE", "gone", { retryable: true });
      return halves(x);
    });
    await askEach(0, 22);
    expect(sent.filter((x) => x.length > 1)).toHaveLength(2 + 7);
    await askEach(22, 1);
    expect(await joins()).toBe(true);
  });

  test("prove nothing when they ask the same: two equal rows have no spread that would show", async () => {
    const { ask, sent, askEach } = unproven((x) => x.map((value) => value - mean(x)));
    for (let i = 0; i < 20; i++) await ask([7]);
    expect(sent).toHaveLength(20);
    await askEach(0, 2);
    expect(sent.some((x) => x.length > 1)).toBe(true);
  });

  test("prove nothing when they are answered the same, and are tried ever more seldom", async () => {
    const { askEach, sent, joins } = unproven((x) => x.map(() => 7));
    await askEach(0, 64);
    expect(sent.filter((x) => x.length > 1)).toEqual([
      [0, 1],
      [3, 4],
      [7, 8],
      [13, 14],
      [23, 24],
      [41, 42],
    ]);
    expect(await joins()).toBe(false);
  });

  test("are within the tolerance of the configuration, or not", async () => {
    for (const { tolerance, want } of [
      { tolerance: { relative: 0.02, absolute: 0 }, want: true },
      { tolerance: { relative: 1e-4, absolute: 1e-6 }, want: false },
    ]) {
      const { askEach, joins } = unproven(bit, { tolerance });
      await askEach(1, 16);
      expect(await joins()).toBe(want);
    }
  });

  test("a pair that would be too large for a joined call is not tried", async () => {
    const { ask, sent } = unproven(halves, { maxRows: 3 });
    for (let i = 0; i < 6; i++) await ask([i, i]);
    expect(sent.every((x) => x.length === 2)).toBe(true);
  });

  test("one that fails is no part of a pair", async () => {
    const { ask, sent } = unproven((x) => {
      if (x.includes(13)) throw badRow();
      return halves(x);
    });
    await ask([1]);
    await expect(ask([13])).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await ask([2]);
    expect(sent).toEqual([[1], [13], [2], [1, 2]]);
  });
});

test("what comes out holds for its own version only", async () => {
  const { batched, target, askEach, sent } = unproven((x) => x.map((value) => value - mean(x)));
  await askEach(0, 2);
  const other = servable(2, UNPROVEN);
  expect(other.version).not.toBe(target.version);
  const before = sent.length;
  const calls = [1, 2].map((value) => batched(call([value], { target: other })));
  expect(sent.length).toBe(before + 2);
  void Promise.allSettled(calls);
});

function mean(x: readonly number[]): number {
  return x.reduce((sum, value) => sum + value, 0) / x.length;
}
