import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InferenceError } from "../../../core/index.ts";
import type { Merging } from "../../../gateway/call.ts";
import { answered, badRow, batching, call, floats, halves, servable, turn, workers } from "./support.ts";

describe("who may travel together", () => {
  for (const { what, other } of [
    { what: "signatures", other: call([1], { signature: "another" }) },
    { what: "output filters", other: call([1], { outputFilter: ["y"] }) },
    { what: "inner dimensions", other: call(floats([1, 1], [1])) },
    { what: "ranks", other: call(floats([1, 1, 1], [1])) },
    { what: "input names", other: call([1], { inputs: new Map([["z", floats([1], [1])]]) }) },
    { what: "versions", other: call([1], { target: servable(2) }) },
    { what: "calls of signatures with a scalar in them", other: call([1], { signature: "scalar" }) },
    { what: "scalars", other: call(floats([], [1])) },
  ]) {
    test(`never different ${what}`, async () => {
      const { send, held, letAll } = workers();
      const sendAny = (routed: typeof other) => (routed === other ? send(call([-1])) : send(routed));
      const run = batching(sendAny);
      const calls = [run(call([1])), run(call([2])), run(other)];
      await turn();
      // The second waits for the first; the other neither waits nor is waited for.
      expect(held.map(({ x }) => x)).toEqual([[1], [-1]]);
      letAll();
      await turn();
      expect(held.map(({ x }) => x)).toEqual([[2]]);
      letAll();
      await Promise.all(calls);
    });
  }

  test("never different output filters of as many names, nor the same in another order", async () => {
    const { send, held, letAll } = workers();
    const run = batching(send);
    const filters = [
      ["y", "z"],
      ["y", "z"],
      ["y", "w"],
      ["z", "y"],
    ];
    const calls = filters.map((outputFilter, i) => run(call([i], { outputFilter })));
    await turn();
    expect(held.map(({ x }) => x)).toEqual([[0], [2], [3]]);
    letAll();
    await turn();
    letAll();
    await Promise.all(calls);
  });

  const refused: Merging = { is: "refused", reason: "a reason" };
  for (const { name, draft } of [
    { name: "whose signature is refused", draft: { target: servable(1, refused) } },
    { name: "whose signature nobody has examined", draft: { signature: "unheard_of" } },
    { name: "whose signature there is not", draft: { signature: "no_such" } },
  ]) {
    test(`never calls ${name}`, async () => {
      const { send, held, letAll } = workers();
      const run = batching(send);
      const calls = [1, 2, 3].map((value) => run(call([value], draft)));
      await turn();
      expect(held.map(({ x }) => x)).toEqual([[1], [2], [3]]);
      letAll();
      await Promise.all(calls);
    });
  }

  test("each answer keeps the arm of its own call", async () => {
    const { send, letAll } = workers();
    const run = batching(send);
    const calls = ["a", "b", "c"].map((arm) => run(call([1], { arm })));
    for (let i = 0; i < 2; i++) {
      letAll();
      await turn();
    }
    expect((await Promise.all(calls)).map(({ arm }) => arm)).toEqual(["a", "b", "c"]);
  });
});

describe("a joined call that fails", () => {
  test("is asked for one by one: everybody but the one with the bad row is answered", async () => {
    const { send, letAll } = workers((x) => {
      if (x.includes(13)) throw badRow();
      return halves(x);
    });
    const run = batching(send);
    const calls = [1, 2, 13, 4].map((value) => answered(run(call([value]))));
    const settled = Promise.allSettled(calls);
    for (let i = 0; i < 10; i++) {
      await turn();
      letAll();
    }
    const results = (await settled).map((result) => (result.status === "fulfilled" ? result.value : result.reason));
    expect(results).toEqual([[0.5], [1], badRow(), [2]]);
  });

  test("for want of a worker is everybody's to try again, by the rules of a call alone", async () => {
    const { send, held, sent } = workers();
    const run = batching(send);
    const calls = [1, 2, 3].map((value) => run(call([value])));
    const settled = Promise.allSettled(calls);
    held[0]?.go();
    await turn();
    held[0]?.go(new InferenceError("UNAVAILABLE", "gone", { retryable: true }));
    expect((await settled).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    await expect(calls[1]).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(sent).toEqual([[1], [2, 3]]);
  });

  test("although each of its calls answers alone is the last of its signature, unless it failed for want of time or room", async () => {
    for (const { code, want } of [
      { code: "INTERNAL", want: [[6], [7], [8]] },
      { code: "RESOURCE_EXHAUSTED", want: [[6, 7, 8]] },
    ] as const) {
      const { send, held, sent, letAll } = workers();
      const run = batching(send);
      const six = (values: readonly number[]) => values.map((value) => run(call([value])));
      const calls = six([1, 2, 3]);
      held[0]?.go();
      await turn();
      held[0]?.go(new InferenceError(code, "in company"));
      await turn();
      letAll();
      await Promise.all(calls);
      await turn();
      calls.push(...six([6, 7, 8]));
      for (let i = 0; i < 3; i++) {
        await turn();
        letAll();
      }
      await Promise.all(calls);
      expect(sent.slice(4)).toEqual(want);
    }
  });
});

describe("an answer that has no row for each row of the call", () => {
  for (const { name, run: answer } of [
    { name: "a scalar", run: () => floats([], [7]) },
    { name: "one row", run: () => [7] },
    { name: "one row too many", run: (x: readonly number[]) => [7, ...x.map(() => 7)] },
  ]) {
    test(`${name}: each is asked for alone, and none is joined any more, not even those that wait`, async () => {
      const { send, sent, letAll } = workers(answer);
      const run = batching(send, { maxRows: 2 });
      const calls = [1, 2, 3, 4, 5].map((value) => run(call([value])));
      for (let i = 0; i < 6; i++) {
        await turn();
        letAll();
      }
      await Promise.all(calls);
      expect(sent).toEqual([[1], [2, 3], [2], [3], [4], [5]]);
    });
  }
});

test("any mix is answered as one by one, in no more calls than it had", async () => {
  const rows = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 5 });
  const bounds = fc.record({
    maxRows: fc.integer({ min: 1, max: 8 }),
    maxBytes: fc.integer({ min: 4, max: 64 }),
    maxInFlight: fc.integer({ min: 1, max: 3 }),
    allowedRows: fc.constantFrom([], [4, 8]),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(rows, { minLength: 1, maxLength: 20 }), bounds, async (mix, config) => {
      const { send, sent, letAll } = workers();
      const run = batching(send, { ...config, maxQueuedRows: 1000 });
      const all = Promise.all(mix.map((x) => answered(run(call(x)))));
      for (let i = 0; i <= mix.length; i++) {
        await turn();
        letAll();
      }
      expect(await all).toEqual(mix.map((x) => x.map((value) => Math.fround(value / 2))));
      expect(sent.length).toBeLessThanOrEqual(mix.length);
    }),
    { numRuns: 100 },
  );
});
