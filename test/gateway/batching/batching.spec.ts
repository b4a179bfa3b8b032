import { setImmediate as turn } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BatchingConfig, DEFAULT_BATCHING } from "../../../config/index.ts";
import { deadlineIn, InferenceError, modelName, NO_DEADLINE, silentLogger, version } from "../../../core/index.ts";
import { outputsOf } from "../../../gateway/answer-content.ts";
import { createBatching } from "../../../gateway/batching/index.ts";
import type { Answer, RoutedCall, Servable } from "../../../gateway/call.ts";
import {
  decodePredictRequest,
  dtypeNamed,
  encodePredictResponse,
  packedTensor,
  type Signature,
  type Tensor,
} from "../../../tensor/index.ts";

const FLOAT = dtypeNamed("float");
const rowsOfFloats = new Map([["x", { name: "x:0", dtype: FLOAT, shape: [-1] }]]);

function signature(key: string, outputs = rowsOfFloats): Signature {
  return { key, methodName: "", inputs: rowsOfFloats, outputs, defaults: new Map() };
}

const signatures = new Map(
  [
    signature("serving_default"),
    signature("another"),
    signature("scalar", new Map([["y", { name: "y:0", dtype: FLOAT, shape: [] }]])),
  ].map((each) => [each.key, each] as const),
);
const target: Servable = {
  name: modelName("m"),
  version: version(1),
  signatures,
  signatureDefMap: new Uint8Array(),
  merging: new Map(),
};

function floats(shape: readonly number[], values: readonly number[]): Tensor {
  return packedTensor(FLOAT, shape, new Uint8Array(Float32Array.from(values).buffer));
}

function numbers(tensor: Tensor | undefined): number[] {
  if (tensor?.kind !== "packed") throw new Error("a packed tensor was expected");
  return [...new Float32Array(Uint8Array.from(tensor.data).buffer)];
}

interface Draft {
  readonly inputs?: ReadonlyMap<string, Tensor>;
  readonly signature?: string;
  readonly outputFilter?: readonly string[];
  readonly deadline?: number;
  readonly signal?: AbortSignal;
  readonly target?: Servable;
}

function call(x: Tensor, draft: Draft = {}): RoutedCall {
  const { inputs = new Map([["x", x]]), signature = "serving_default", outputFilter = [] } = draft;
  const request = { kind: "tensors", signature, inputs, outputFilter } as const;
  const { deadline = NO_DEADLINE, signal = new AbortController().signal } = draft;
  const spec = { name: modelName("m"), choice: { by: "latest" }, signature } as const;
  const alone = { messageFor: () => new Uint8Array(), inputsFor: () => request };
  return {
    call: { method: "Predict", spec, body: alone, header: () => undefined, deadline, signal },
    target: draft.target ?? target,
    arm: "",
  };
}

function inputsOf({ call, target }: RoutedCall): ReadonlyMap<string, Tensor> {
  const request = call.body.inputsFor?.(target);
  if (request?.kind !== "tensors") throw new Error("tensors were expected");
  return request.inputs;
}

/** Stands for the workers: answers y = x / 2 row by row once it is let, and keeps what it was asked. */
function workers(refuses: (x: readonly number[]) => boolean = () => false) {
  const held: { routed: RoutedCall; x: Tensor; rows: number; go: () => void }[] = [];
  const send = (routed: RoutedCall): Promise<Answer> => {
    const joined = routed.call.body.inputsFor === undefined;
    const x = joined
      ? decodePredictRequest(routed.call.body.messageFor(routed.target)).inputs.get("x")?.()
      : inputsOf(routed).get("x");
    if (x === undefined) throw new Error("the call has no x");
    return new Promise((resolve, reject) => {
      const go = (): void => {
        held.splice(
          held.findIndex((each) => each.routed === routed),
          1,
        );
        if (refuses(numbers(x))) return reject(new InferenceError("INVALID_ARGUMENT", "a bad row"));
        const y = floats(
          x.shape,
          numbers(x).map((value) => value / 2),
        );
        const spec = { name: modelName("m"), version: version(1), signature: "serving_default" };
        resolve({
          target: routed.target,
          arm: routed.arm,
          content: { is: "message", message: encodePredictResponse(spec, new Map([["y", y]]), "typed") },
        });
      };
      held.push({ routed, x, rows: x.shape[0] ?? 0, go });
    });
  };
  /** Lets all that are held now. */
  const letAll = (): void => {
    for (const { go } of held.slice()) go();
  };
  return { send, held, letAll };
}

function batching(send: (routed: RoutedCall) => Promise<Answer>, config: Partial<BatchingConfig> = {}) {
  const full = { ...DEFAULT_BATCHING, maxRows: 8, maxInFlight: 1, maxQueuedRows: 64, ...config };
  return createBatching({
    configOf: () => full,
    endpointCount: () => 1,
    send,
    onDeparture: () => {},
    log: silentLogger,
  });
}

const answered = async (answer: Promise<Answer>): Promise<number[]> =>
  numbers(outputsOf((await answer).content).get("y"));

describe("batching", () => {
  test("sends an idle kind's call at once, and joins those that come meanwhile", async () => {
    const { send, held } = workers();
    const run = batching(send);
    const first = run(call(floats([1], [2])));
    await turn();
    expect(held).toHaveLength(1);
    const others = [run(call(floats([2], [4, 6]))), run(call(floats([1], [8])))];
    await turn();
    expect(held).toHaveLength(1);
    held[0]?.go();
    expect(await answered(first)).toEqual([1]);
    await turn();
    expect(held.map(({ rows }) => rows)).toEqual([3]);
    held[0]?.go();
    expect(await Promise.all(others.map(answered))).toEqual([[2, 3], [4]]);
  });

  test("fills a call up to maxRows, and lets one with more rows travel alone", async () => {
    const { send, held, letAll } = workers();
    const run = batching(send, { maxRows: 3 });
    const calls = [1, 2, 3, 4, 5].map((value) => run(call(floats([1], [value]))));
    const large = run(call(floats([4], [1, 2, 3, 4])));
    await turn();
    expect(held.map(({ rows }) => rows)).toEqual([1, 4]);
    held[0]?.go();
    await turn();
    expect(held.map(({ rows }) => rows)).toEqual([4, 3]);
    held[1]?.go();
    await turn();
    expect(held.map(({ rows }) => rows)).toEqual([4, 1]);
    letAll();
    await Promise.all([...calls, large]);
  });

  for (const { what, other } of [
    { what: "signatures", other: call(floats([1], [1]), { signature: "another" }) },
    { what: "output filters", other: call(floats([1], [1]), { outputFilter: ["y"] }) },
    { what: "inner dimensions", other: call(floats([1, 1], [1])) },
    { what: "versions", other: call(floats([1], [1]), { target: { ...target, version: version(2) } }) },
    { what: "calls of signatures with a scalar in them", other: call(floats([1], [1]), { signature: "scalar" }) },
    { what: "scalars", other: call(floats([], [1])) },
  ]) {
    test(`never joins different ${what}`, async () => {
      const { send, held, letAll } = workers();
      const run = batching(send);
      const calls = [run(call(floats([1], [1]))), run(call(floats([1], [1]))), run(other)];
      await turn();
      // The second waits for the first; the other neither waits nor is waited for.
      expect(held).toHaveLength(2);
      letAll();
      await turn();
      expect(held.map(({ rows }) => rows)).toEqual([1]);
      held[0]?.go();
      await Promise.all(calls);
    });
  }

  test("answers everybody else when one has a bad row", async () => {
    const { send, letAll } = workers((x) => x.includes(13));
    const run = batching(send);
    const calls = [1, 2, 13, 4].map((value) => run(call(floats([1], [value]))));
    const settled = Promise.allSettled(calls.map(answered));
    for (let i = 0; i < 10; i++) {
      await turn();
      letAll();
    }
    expect((await settled).map((result) => (result.status === "fulfilled" ? result.value : "refused"))).toEqual([
      [0.5],
      [1],
      "refused",
      [2],
    ]);
  });

  test("answers that have no row for each row are asked for one by one, and not joined again", async () => {
    const asked: number[] = [];
    const send = async (routed: RoutedCall): Promise<Answer> => {
      const joined = routed.call.body.inputsFor === undefined;
      asked.push(joined ? 2 : 1);
      const spec = { name: modelName("m"), version: version(1), signature: "serving_default" };
      const message = encodePredictResponse(spec, new Map([["y", floats([], [7])]]), "typed");
      await turn();
      return { target: routed.target, arm: "", content: { is: "message", message } };
    };
    const run = batching(send);
    const three = (): Promise<number[][]> =>
      Promise.all([1, 2, 3].map((value) => answered(run(call(floats([1], [value]))))));
    expect(await three()).toEqual([[7], [7], [7]]);
    expect(asked).toEqual([1, 2, 1, 1]);
    await three();
    expect(asked.slice(4)).toEqual([1, 1, 1]);
  });

  test("a client that gives up leaves; its neighbours stay, and the last to leave ends the call", async () => {
    const { send, held } = workers();
    const run = batching(send);
    const first = run(call(floats([1], [1])));
    const [gone, other] = [new AbortController(), new AbortController()];
    const early = run(call(floats([1], [2]), { signal: gone.signal }));
    const stays = [3, 4].map((value) => run(call(floats([1], [value]), { signal: other.signal })));
    gone.abort();
    await expect(early).rejects.toMatchObject({ code: "CANCELLED" });
    held[0]?.go();
    await first;
    await turn();
    expect(held[0]?.rows).toBe(2);
    expect(held[0]?.routed.call.signal.aborted).toBe(false);
    other.abort();
    expect(held[0]?.routed.call.signal.aborted).toBe(true);
    for (const each of stays) await expect(each).rejects.toMatchObject({ code: "CANCELLED" });
  });

  test("each call's own deadline holds, and the joined one lasts as long as the longest", async () => {
    const { send, held } = workers();
    const run = batching(send);
    const first = run(call(floats([1], [1])));
    const late = deadlineIn(60_000);
    const short = run(call(floats([1], [2]), { deadline: deadlineIn(30) }));
    const long = run(call(floats([1], [3]), { deadline: late }));
    held[0]?.go();
    await first;
    await turn();
    expect(held[0]?.routed.call.deadline).toBe(late);
    await expect(short).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    held[0]?.go();
    expect(await answered(long)).toEqual([1.5]);
  });

  test("a queue that is full answers UNAVAILABLE", async () => {
    const { send, letAll } = workers();
    const run = batching(send, { maxRows: 2, maxQueuedRows: 2 });
    const calls = [1, 2, 3].map((value) => run(call(floats([1], [value]))));
    await expect(run(call(floats([1], [4])))).rejects.toMatchObject({ code: "UNAVAILABLE", retryAfterMs: 1000 });
    for (let i = 0; i < 3; i++) {
      letAll();
      await turn();
    }
    await Promise.all(calls);
  });

  test("any mix is answered as one by one", async () => {
    const rows = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(rows, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 3 }),
        async (mix, slots) => {
          const { send, letAll } = workers();
          const run = batching(send, { maxRows: 6, maxInFlight: slots, maxQueuedRows: 1000 });
          const all = Promise.all(mix.map((x) => answered(run(call(floats([x.length], x))))));
          for (let i = 0; i <= mix.length; i++) {
            await turn();
            letAll();
          }
          expect(await all).toEqual(mix.map((x) => x.map((value) => Math.fround(value / 2))));
        },
      ),
      { numRuns: 100 },
    );
  });
});
