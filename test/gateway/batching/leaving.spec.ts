import { describe, expect, test } from "vitest";
import { deadlineIn } from "../../../core/index.ts";
import { Fifo } from "../../../gateway/batching/fifo.ts";
import { answered, badRow, batching, call, turn, workers } from "./support.ts";

describe("a client that gives up", () => {
  test("while its call waits takes its rows along, and makes room in the queue", async () => {
    const { send, held, letAll } = workers();
    const run = batching(send, { maxRows: 2, maxQueuedRows: 2 });
    const gone = new AbortController();
    const first = run(call([1]));
    const early = run(call([2], { signal: gone.signal }));
    const stays = run(call([3]));
    await expect(run(call([4]))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    gone.abort();
    await expect(early).rejects.toMatchObject({ code: "CANCELLED" });
    const late = run(call([5]));
    held[0]?.go();
    await first;
    await turn();
    expect(held.map(({ x }) => x)).toEqual([[3, 5]]);
    letAll();
    expect(await Promise.all([stays, late].map(answered))).toEqual([[1.5], [2.5]]);
  });

  test("while its call is under way leaves its neighbours alone; the last to leave ends the call", async () => {
    const { send, held } = workers();
    const run = batching(send);
    const first = run(call([1]));
    const [one, other] = [new AbortController(), new AbortController()];
    const early = run(call([2], { signal: one.signal }));
    const later = run(call([3], { signal: other.signal }));
    held[0]?.go();
    await first;
    await turn();
    expect(held[0]?.x).toEqual([2, 3]);
    one.abort();
    await expect(early).rejects.toMatchObject({ code: "CANCELLED" });
    expect(held[0]?.routed.call.signal.aborted).toBe(false);
    other.abort();
    await expect(later).rejects.toMatchObject({ code: "CANCELLED" });
    expect(held[0]?.routed.call.signal.aborted).toBe(true);
  });

  test("before its call has come to the queue is told so, and nothing is sent", async () => {
    const { send, sent } = workers();
    const run = batching(send);
    const first = run(call([1]));
    await expect(run(call([2], { signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: "CANCELLED" });
    await turn();
    expect(sent).toEqual([[1]]);
    void first;
  });

  test("is not asked for again when the joined call fails", async () => {
    const { send, held, sent, letAll } = workers();
    const run = batching(send);
    const gone = new AbortController();
    const calls = [run(call([1])), run(call([2], { signal: gone.signal })), run(call([3]))];
    const settled = Promise.allSettled(calls);
    held[0]?.go();
    await turn();
    gone.abort();
    held[0]?.go(badRow());
    await turn();
    letAll();
    expect((await settled).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(sent).toEqual([[1], [2, 3], [3]]);
  });
});

describe("deadlines", () => {
  test("each call's own holds, and a joined one lasts as long as the longest", async () => {
    const { send, held } = workers();
    const run = batching(send);
    const first = run(call([1]));
    const late = deadlineIn(60_000);
    const short = expect(run(call([2], { deadline: deadlineIn(200) }))).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
    });
    const long = run(call([3], { deadline: late }));
    held[0]?.go();
    await first;
    await turn();
    expect(held[0]?.routed.call.deadline).toBe(late);
    await short;
    held[0]?.go();
    expect(await answered(long)).toEqual([1.5]);
  });

  test("one that passes while its call waits takes its rows along", async () => {
    const { send, held, sent } = workers();
    const run = batching(send);
    const first = run(call([1]));
    const short = run(call([2], { deadline: deadlineIn(10) }));
    await expect(short).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    held[0]?.go();
    await first;
    await turn();
    expect(sent).toEqual([[1]]);
  });
});

test("a queue gives what came first, through any number of turns of its ring", () => {
  const queue = new Fifo<number>();
  let [next, want] = [0, 0];
  for (const [pushes, shifts] of [
    [3, 2],
    [20, 10],
    [40, 51],
    [1, 1],
    [17, 0],
  ] as const) {
    for (let i = 0; i < pushes; i++) queue.push(next++);
    for (let i = 0; i < shifts; i++) {
      expect(queue.peek()).toBe(want);
      expect(queue.shift()).toBe(want++);
    }
    expect(queue.length).toBe(next - want);
  }
  queue.clear();
  expect([queue.length, queue.peek(), queue.shift()]).toEqual([0, undefined, undefined]);
});
