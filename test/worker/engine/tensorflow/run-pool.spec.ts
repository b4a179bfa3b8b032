import { describe, expect, test } from "vitest";
import { deadlineIn, NO_DEADLINE } from "../../../../core/index.ts";
import { RunPool, type RunShare } from "../../../../worker/engine/tensorflow/run-pool.ts";

/** A job whose end the test decides. */
function job(
  log: string[],
  name: string,
): { start: () => Promise<string>; end: () => void; fail: (error: Error) => void } {
  let end: (() => void) | undefined;
  let fail: ((error: Error) => void) | undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  const start = async (): Promise<string> => {
    log.push(name);
    await ended;
    return name;
  };
  return { start, end: () => end?.(), fail: (error) => fail?.(error) };
}

const share = (limit = 100): RunShare => ({ limit, running: 0 });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the pool of runs", () => {
  test("starts as many as its limit, the others in order as places get free", async () => {
    const log: string[] = [];
    const pool = new RunPool(2);
    const jobs = ["a", "b", "c", "d"].map((name) => job(log, name));
    const answers = jobs.map(({ start }) => pool.run({ share: share(), start, deadline: NO_DEADLINE }));
    expect(log).toEqual(["a", "b"]);
    jobs[1]?.end();
    expect(await answers[1]).toBe("b");
    expect(log).toEqual(["a", "b", "c"]);
    for (const { end } of jobs) end();
    expect(await Promise.all(answers)).toEqual(["a", "b", "c", "d"]);
  });

  test("runs no more of a model than its share, and lets other models pass", async () => {
    const log: string[] = [];
    const pool = new RunPool(3);
    const [one, other] = [share(1), share(1)];
    const jobs = ["a", "b", "c"].map((name) => job(log, name));
    const ofModels = [one, one, other];
    const answers = jobs.map(({ start }, i) => pool.run({ share: ofModels[i] ?? one, start, deadline: NO_DEADLINE }));
    expect(log).toEqual(["a", "c"]);
    jobs[2]?.end();
    await answers[2];
    expect(log).toEqual(["a", "c"]);
    jobs[0]?.end();
    await answers[0];
    expect(log).toEqual(["a", "c", "b"]);
    jobs[1]?.end();
    expect(await answers[1]).toBe("b");
  });

  test("gives a failed run's place to the next, and its error to its caller", async () => {
    const log: string[] = [];
    const pool = new RunPool(1);
    const [a, b] = [job(log, "a"), job(log, "b")];
    const failed = pool.run({ share: share(), start: a.start, deadline: NO_DEADLINE });
    const next = pool.run({ share: share(), start: b.start, deadline: NO_DEADLINE });
    a.fail(new Error("broke"));
    await expect(failed).rejects.toThrow("broke");
    b.end();
    expect(await next).toBe("b");
  });

  test("answers a waiting call at its deadline and never starts it", async () => {
    const log: string[] = [];
    const pool = new RunPool(1);
    const [a, b] = [job(log, "a"), job(log, "b")];
    const first = pool.run({ share: share(), start: a.start, deadline: NO_DEADLINE });
    const late = pool.run({ share: share(), start: b.start, deadline: deadlineIn(5) });
    await expect(late).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    a.end();
    await first;
    await turn();
    expect(log).toEqual(["a"]);
  });

  test("answers a running call at its deadline, but keeps its place until it has ended", async () => {
    const log: string[] = [];
    const pool = new RunPool(1);
    const [a, b] = [job(log, "a"), job(log, "b")];
    const late = pool.run({ share: share(), start: a.start, deadline: deadlineIn(5) });
    await expect(late).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    const next = pool.run({ share: share(), start: b.start, deadline: NO_DEADLINE });
    await turn();
    expect(log).toEqual(["a"]);
    a.end();
    b.end();
    expect(await next).toBe("b");
  });

  test("drops a waiting call that is given up", async () => {
    const log: string[] = [];
    const pool = new RunPool(1);
    const [a, b] = [job(log, "a"), job(log, "b")];
    const giveUp = new AbortController();
    const first = pool.run({ share: share(), start: a.start, deadline: NO_DEADLINE });
    const dropped = pool.run({ share: share(), start: b.start, deadline: NO_DEADLINE, signal: giveUp.signal });
    giveUp.abort();
    await expect(dropped).rejects.toMatchObject({ code: "CANCELLED" });
    a.end();
    await first;
    await turn();
    expect(log).toEqual(["a"]);
  });

  test("does not start a call that was given up before it came", async () => {
    const log: string[] = [];
    const dropped = new RunPool(1).run({
      share: share(),
      start: job(log, "a").start,
      deadline: NO_DEADLINE,
      signal: AbortSignal.abort(),
    });
    await expect(dropped).rejects.toMatchObject({ code: "CANCELLED" });
    expect(log).toEqual([]);
  });
});
