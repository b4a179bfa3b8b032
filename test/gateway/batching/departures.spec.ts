import { describe, expect, test } from "vitest";
import { answered, batching, call, floats, halves, turn, workers } from "./support.ts";

describe("who leaves when", () => {
  test("an idle signature's call leaves at once, and those that come meanwhile leave together", async () => {
    const { send, held } = workers();
    const run = batching(send);
    const first = run(call([2]));
    expect(held).toHaveLength(1); // in this very turn
    const others = [run(call([4, 6])), run(call([8]))];
    await turn();
    expect(held).toHaveLength(1);
    held[0]?.go();
    expect(await answered(first)).toEqual([1]);
    await turn();
    expect(held.map(({ rows }) => rows)).toEqual([3]);
    held[0]?.go();
    expect(await Promise.all(others.map(answered))).toEqual([[2, 3], [4]]);
  });

  test("once calls have had company, one that finds none under way waits for the end of the turn, until one has left alone", async () => {
    const { send, held, letAll } = workers();
    const run = batching(send);
    const calls = [1, 2, 3].map((value) => run(call([value])));
    held[0]?.go();
    await turn();
    expect(held.map(({ x }) => x)).toEqual([[2, 3]]);
    held[0]?.go();
    await turn();
    calls.push(run(call([4])), run(call([5])));
    expect(held).toHaveLength(0);
    await turn();
    expect(held.map(({ x }) => x)).toEqual([[4, 5]]);
    held[0]?.go();
    await turn();
    calls.push(run(call([6])));
    await turn();
    held[0]?.go();
    await turn();
    calls.push(run(call([7])));
    expect(held.map(({ x }) => x)).toEqual([[7]]); // in this very turn
    letAll();
    await Promise.all(calls);
  });

  test("a joined call is a copy only if nobody waits for any of it", async () => {
    const { send, held, letAll } = workers();
    const run = batching(send);
    const copy = (value: number) => run({ ...call([value]), isCopy: true });
    const calls = [run(call([1])), copy(2), run(call([3])), copy(4)];
    await turn();
    held[0]?.go();
    await turn();
    expect(held.map(({ x, routed }) => [x, routed.isCopy === true])).toEqual([[[2, 3, 4], false]]);
    calls.push(copy(5), copy(6));
    held[0]?.go();
    await turn();
    expect(held.map(({ x, routed }) => [x, routed.isCopy === true])).toEqual([[[5, 6], true]]);
    letAll();
    await Promise.all(calls);
  });

  test("by default two calls an endpoint are under way, so that a worker need not wait for the gateway", async () => {
    const { send, held, letAll } = workers();
    const run = batching(send, { maxInFlight: undefined });
    const calls = [1, 2, 3].map((value) => run(call([value])));
    await turn();
    expect(held.map(({ x }) => x)).toEqual([[1], [2, 3]]);
    calls.push(run(call([4])), run(call([5])));
    await turn();
    expect(held).toHaveLength(2);
    held[1]?.go();
    await turn();
    expect(held.map(({ x }) => x)).toEqual([[1], [4, 5]]);
    letAll();
    await Promise.all(calls);
  });

  test("a call that finds none under way never waits, however long maxDelay is", async () => {
    const { send, held } = workers();
    const run = batching(send, { maxDelayMs: 1e9 });
    for (let i = 0; i < 3; i++) {
      const answer = answered(run(call([i])));
      held[0]?.go();
      expect(await answer).toEqual([i / 2]);
    }
  });

  test("while others are under way a call waits for company up to maxDelay, or until it is full", async () => {
    const { send, held, letAll } = workers();
    const run = batching(send, { maxRows: 3, maxInFlight: 4, maxDelayMs: 1e9 });
    const calls = [1, 2].map((value) => run(call([value])));
    await turn();
    expect(held.map(({ x }) => x)).toEqual([[1]]);
    calls.push(run(call([3, 4])));
    await turn();
    expect(held.map(({ x }) => x)).toEqual([[1], [2, 3, 4]]);
    letAll();
    await Promise.all(calls);
  });

  test("a call leaves once its delay is over, and once nobody is under way any more", async () => {
    for (const maxDelayMs of [5, 1e9]) {
      const { send, held } = workers();
      const run = batching(send, { maxInFlight: 4, maxDelayMs });
      const first = run(call([1]));
      const second = run(call([2]));
      await turn();
      if (maxDelayMs === 1e9) {
        expect(held).toHaveLength(1);
        held[0]?.go();
      }
      await expect.poll(() => held.map(({ x }) => x)).toContainEqual([2]);
      while (held.length > 0) held[0]?.go();
      await Promise.all([first, second]);
    }
  });

  test("tells how many calls go as one", async () => {
    const { send, letAll } = workers();
    const departures: number[] = [];
    const run = batching(send, {}, (calls) => departures.push(calls));
    const calls = [1, 2, 3].map((value) => run(call([value])));
    for (let i = 0; i < 3; i++) {
      letAll();
      await turn();
    }
    await Promise.all(calls);
    expect(departures).toEqual([1, 2]);
  });
});

describe("bounds", () => {
  test("a call is filled up to maxRows, and one with more rows travels alone", async () => {
    const { send, held, letAll } = workers();
    const run = batching(send, { maxRows: 3 });
    const calls = [1, 2, 3, 4, 5].map((value) => run(call([value])));
    calls.push(run(call([1, 2, 3, 4])));
    await turn();
    expect(held.map(({ rows }) => rows)).toEqual([1, 4]);
    for (const want of [
      [4, 3],
      [4, 1],
    ]) {
      held.find(({ rows }) => rows !== 4)?.go();
      await turn();
      expect(held.map(({ rows }) => rows)).toEqual(want);
    }
    letAll();
    await Promise.all(calls);
  });

  test("a call is filled up to maxBytes, and one with more bytes travels alone", async () => {
    const { send, held, letAll } = workers();
    const run = batching(send, { maxBytes: 12 });
    const calls = [[1], [2], [3], [4], [5]].map((values) => run(call(values)));
    calls.push(run(call([1, 2, 3, 4])));
    await turn();
    held.find(({ rows }) => rows === 1)?.go();
    await turn();
    expect(held.map(({ rows }) => rows)).toEqual([4, 3]);
    letAll();
    await turn();
    letAll();
    await Promise.all(calls);
  });

  for (const { what, bounds } of [
    { what: "rows", bounds: { maxRows: 2, maxQueuedRows: 2 } },
    { what: "bytes", bounds: { maxQueuedBytes: 8 } },
  ]) {
    test(`a queue of too many ${what} answers UNAVAILABLE, whatever their kind, and takes more when some have left`, async () => {
      const { send, letAll } = workers();
      const run = batching(send, bounds);
      const calls = [[1], [2], [3]].map((values) => run(call(values)));
      await expect(run(call([4]))).rejects.toMatchObject({ code: "UNAVAILABLE", retryAfterMs: 1000 });
      await expect(run(call([5], { outputFilter: ["y"] }))).rejects.toMatchObject({ code: "UNAVAILABLE" });
      letAll();
      await turn();
      calls.push(run(call([6])));
      for (let i = 0; i < 3; i++) {
        letAll();
        await turn();
      }
      await Promise.all(calls);
    });
  }

  test("with allowed rows each call is filled up to the next of them, and only its own rows are answered", async () => {
    const { send, held, letAll } = workers(halves);
    const run = batching(send, { maxRows: 8, allowedRows: [2, 8] });
    const calls = [[1], [2, 3], [4]].map((values) => answered(run(call(values))));
    await turn();
    expect(held.map(({ x }) => x)).toEqual([[1, 2, 3, 4, 4, 4, 4, 4]]);
    const late = answered(run(call([5])));
    letAll();
    expect(await Promise.all(calls)).toEqual([[0.5], [1, 1.5], [2]]);
    await turn();
    expect(held.map(({ x }) => x)).toEqual([[5, 5]]);
    letAll();
    expect(await late).toEqual([2.5]);
  });

  test("an empty call travels alone", async () => {
    const { send, held, letAll } = workers();
    const run = batching(send);
    const calls = [run(call([1])), run(call(floats([0], [])))];
    await turn();
    expect(held.map(({ rows }) => rows)).toEqual([1, 0]);
    letAll();
    await Promise.all(calls);
  });
});
