import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { departures, inFlight, together } from "../setup/departures.ts";
import { MODELS, type Reply, ROOT, startTensorgate, type Tensorgate } from "../setup/tensorgate.ts";

const OWN = join(ROOT, "test/data/models");
const BOTH = { versions: { latest: 2 } };

let gateway: Tensorgate;
beforeAll(async () => {
  gateway = await startTensorgate({
    // Nobody is to wait for it: where a test would, it fails by its own time limit.
    batching: { maxDelay: "1h" },
    models: [
      { name: "half_plus_two", path: join(MODELS, "half_plus_two"), ...BOTH, batching: {} },
      { name: "patient", path: join(MODELS, "half_plus_two") },
      { name: "company", path: join(OWN, "company"), batching: {} },
      { name: "outputs", path: join(OWN, "outputs"), batching: {} },
    ],
    routes: [
      { match: { model: "half_plus_two", headers: { "x-version": "old" } }, to: [{ version: 123 }] },
      { match: { model: "half_plus_two" }, to: [{ version: 124 }] },
    ],
  });
  await gateway.ready();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const company = (signature: string, ...x: number[][]): (() => Promise<Reply>) => {
  return () => gateway.predict("company", { signature_name: signature, instances: x });
};
const filtered = (output_filter: readonly string[]): Promise<Reply> =>
  gateway.predict("outputs", { signature_name: "three", inputs: { x: [1], n: [2], s: ["a"] }, output_filter });
const plain = (i: number) => company("plain", [i, i, i]);
const jsonOf = (replies: readonly Reply[]): unknown[] => replies.map(({ json }) => json);

describe("faults that others have who merge calls in front of a server", () => {
  test("a fixed wait when idle: calls one after the other never wait for company", async () => {
    for (let i = 0; i < 5; i++) {
      expect((await gateway.predict("patient", { instances: [[i]] })).json).toEqual({ predictions: [[i / 2 + 2]] });
    }
    expect(await departures(gateway, "patient")).toEqual({ count: 5, calls: 5 });
  });

  test("one call under way: a second one leaves while the first is out, and those that follow leave together", async () => {
    const asks = [0, 1, 2, 3, 4].map((i) => company("plain", [i, i, i]));
    const { answers, left, inAll } = await together(gateway, "company", asks);
    expect(jsonOf(answers)).toEqual([0, 1, 2, 3, 4].map((i) => ({ predictions: [[2 * i + 3, 2 * i + 3, 2 * i + 3]] })));
    expect(left).toEqual({ count: 2, calls: 2 });
    expect(inAll).toEqual({ count: 3, calls: 5 });
  });

  test("a signature_name dropped, signatures mixed: each is answered by its own", async () => {
    const asks = Array.from({ length: 12 }, (_, i) => [
      company("plain", [i, 2, 1]),
      company("best", [i, 2, 1], [1, 2, i]),
      company("looping", [8 * i, 8, 16]),
    ]).flat();
    const { answers } = await together(gateway, "company", asks);
    const want = Array.from({ length: 12 }, (_, i) => [
      { predictions: [[2 * i + 3, 7, 5]] },
      { predictions: [i >= 2 ? 0 : 1, i > 2 ? 2 : 1] },
      { predictions: [[i, 1, 2]] },
    ]).flat();
    expect(jsonOf(answers)).toEqual(want);
  });

  test("an output filter dropped or mixed: each has the outputs that it asked for", async () => {
    const filters = Array.from({ length: 30 }, (_, i) => [["x"], ["n"], ["n", "x"]][i % 3] as string[]);
    for (const round of ["unproven", "proven"]) {
      const answers = await Promise.all(filters.map(filtered));
      expect(jsonOf(answers), round).toEqual(
        filters.map((names) => ({ outputs: names.length > 1 ? { n: [2], x: [1] } : names[0] === "x" ? [1] : [2] })),
      );
    }
  });

  test("a header dropped, versions mixed: each goes where its own headers say", async () => {
    const ask = (i: number) => async (): Promise<unknown> => {
      const headers = i % 2 === 0 ? { "x-version": "old" } : undefined;
      const body = JSON.stringify({ instances: [[i]] });
      const url = `${gateway.rest}/v1/models/half_plus_two:predict`;
      const reply = await fetch(url, { method: "POST", body, ...(headers === undefined ? {} : { headers }) });
      return await reply.json();
    };
    const alone: unknown[] = [];
    for (let i = 0; i < 12; i++) alone.push(await ask(i)());
    const { answers, inAll } = await together(
      gateway,
      "half_plus_two",
      Array.from({ length: 12 }, (_, i) => ask(i)),
    );
    expect(answers).toEqual(alone);
    expect(new Set(alone.map((each) => JSON.stringify(each))).size).toBe(12);
    // Six of each version: two by themselves, then four together.
    expect(inAll).toEqual({ count: 6, calls: 12 });
  });

  test("a neighbour's error answered to everybody, or answered 200: only the one with the bad row has it", async () => {
    const asks = [1, 2, 3, 2e9, 5, 6].map((value) => company("asserted", [value, 0, 0]));
    const { answers, inAll } = await together(gateway, "company", asks);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 400, 200, 200]);
    expect(jsonOf(answers.filter(({ status }) => status === 200))).toEqual(
      [1, 2, 3, 5, 6].map((value) => ({ predictions: [[value, 0, 0]] })),
    );
    expect(answers[3]?.json.error).toContain("assertion failed");
    expect(inAll).toEqual({ count: 3, calls: 6 });
  });

  for (const signature of ["total", "hidden_total", "hidden_constant", "distinct", "single"]) {
    test(`an answer whose first dimension isn't the batch's: ${signature} is never shared`, async () => {
      const ask = (i: number) => () =>
        gateway.predict("company", { signature_name: signature, inputs: { x: [[i, i, i]] } });
      const alone: unknown[] = [];
      for (let i = 0; i < 6; i++) alone.push((await ask(i)()).json);
      const asks = Array.from({ length: 6 }, (_, i) => ask(i));
      const { answers, inAll } = await together(gateway, "company", asks);
      expect(jsonOf(answers)).toEqual(alone);
      expect(inAll).toEqual({ count: 0, calls: 0 });
    });
  }
});

describe("who leaves", () => {
  test("a client that gives up while its call waits takes its rows along", async () => {
    const gone = new AbortController();
    const body = JSON.stringify({ signature_name: "plain", instances: [[9, 9, 9]] });
    const url = `${gateway.rest}/v1/models/company:predict`;
    const early = async (): Promise<Reply | undefined> => {
      await fetch(url, { method: "POST", body, signal: gone.signal }).catch(() => {});
      return undefined;
    };
    const { answers, inAll } = await together(
      gateway,
      "company",
      [plain(1), plain(2), plain(3), early, plain(4)],
      async () => {
        gone.abort();
        await expect.poll(() => inFlight(gateway, "company")).toBe(4);
      },
    );
    expect(answers.filter((reply) => reply !== undefined).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(inAll).toEqual({ count: 3, calls: 4 });
  });
});
