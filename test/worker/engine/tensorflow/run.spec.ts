import { afterAll, describe, expect, test } from "vitest";
import { deadlineIn } from "../../../../core/index.ts";
import type { Tensor } from "../../../../tensor/index.ts";
import type { LoadedModel, RunCall } from "../../../../worker/engine/index.ts";
import { callOf, floats, load, openEngine, runSignature, valuesOf } from "../support.ts";

const engine = await openEngine();
afterAll(() => engine.close());
const quick = await load(engine, "text");
const slow = await load(engine, "slow");

const spin = (ms: number): Record<string, ReturnType<typeof floats>> => ({ x: floats([1], 7), ms: floats([], ms) });

/** Runs a quick plan until it is answered in the calling thread; a busy machine may need many runs to tell that it is quick. */
async function untilInCaller(model: LoadedModel, call: RunCall): Promise<Tensor[] | undefined> {
  for (let i = 0; i < 5000; i++) {
    const answer = model.run(call);
    if (!(answer instanceof Promise)) return answer;
    await answer;
  }
  return undefined;
}

describe("a run", () => {
  test("of a plan that has proven quick answers at once, before that on the pool", async () => {
    const call = callOf(quick, "serving_default", { x: floats([1], 2) });
    const first = quick.run(call);
    expect(first).toBeInstanceOf(Promise);
    await first;
    expect(valuesOf((await untilInCaller(quick, call))?.[0])).toEqual([3]);
  });

  test("of a slow plan stays on the pool, and the event loop turns meanwhile", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    for (let i = 0; i < 5; i++) {
      const answer = slow.run(callOf(slow, "serving_default", spin(20)));
      expect(answer).toBeInstanceOf(Promise);
      expect(valuesOf((await answer)[0])).toEqual([7]);
    }
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
  });

  test("of a plan that turns slow goes back to the pool", async () => {
    const plan = "turns slow";
    const call = callOf(slow, "serving_default", spin(0), { plan });
    expect(await untilInCaller(slow, call)).toBeDefined();
    await slow.run(callOf(slow, "serving_default", spin(60), { plan }));
    const next = slow.run(call);
    expect(next).toBeInstanceOf(Promise);
    await next;
  });

  test("copies its outputs to where the caller wants them", async () => {
    const place = new Uint8Array(20);
    const call = callOf(quick, "serving_default", { x: floats([3], 1, 2, 5) });
    const [answer] = await quick.run({
      ...call,
      placesFor: ([head]) => {
        expect(head).toMatchObject({ shape: [3], byteLength: 12 });
        return [place.subarray(4, 16)];
      },
    });
    expect(valuesOf(answer)).toEqual([2.5, 3, 4.5]);
    expect([...new Float32Array(place.buffer)]).toEqual([0, 2.5, 3, 4.5, 0]);
    await expect(async () => await quick.run({ ...call, placesFor: () => [place] })).rejects.toThrow("do not fit");
  });

  test("after its deadline never starts", async () => {
    await expect(
      runSignature(quick, "serving_default", { x: floats([1], 2) }, { deadline: deadlineIn(-1) }),
    ).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  test("is answered at its deadline, and TensorFlow cancels it", async () => {
    const began = performance.now();
    await expect(
      runSignature(slow, "serving_default", spin(20_000), { deadline: deadlineIn(50) }),
    ).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    const own = await load(engine, "slow");
    await expect(
      runSignature(own, "serving_default", spin(20_000), { deadline: deadlineIn(50) }),
    ).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await own.close(); // waits for the native run
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test("that is given up is answered at once; the model can be closed", async () => {
    const own = await load(engine, "slow");
    const giveUp = new AbortController();
    const answer = runSignature(own, "serving_default", spin(100), { signal: giveUp.signal });
    setImmediate(() => giveUp.abort());
    await expect(answer).rejects.toMatchObject({ code: "CANCELLED" });
    await own.close();
  });

  test("waits for its turn when many slow ones come, and a waiting one is dropped at its deadline", async () => {
    const many = Array.from({ length: 8 }, () => runSignature(slow, "serving_default", spin(40)));
    const late = runSignature(slow, "serving_default", spin(40), { deadline: deadlineIn(20) });
    await expect(late).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", message: expect.stringContaining("waited") });
    expect((await Promise.all(many)).map(([y]) => valuesOf(y))).toEqual(many.map(() => [7]));
  });
});
