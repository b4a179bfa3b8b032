import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, test } from "vitest";
import type { LoadedModel, RunCall } from "../../../../worker/engine/index.ts";
import { callOf, floats, load, openEngine, packed, strings } from "../support.ts";

const engine = await openEngine();
afterAll(() => engine.close());
const text = await load(engine, "text");
const words = await load(engine, "strings");
const picky = await load(engine, "picky");
const everyDtype = await load(engine, "every_dtype");

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

async function runMany(model: LoadedModel, call: RunCall, runs: number): Promise<void> {
  for (let i = 0; i < runs; i++) {
    try {
      await model.run(call);
    } catch {
      // the failing ones are the point
    }
  }
}

function residentBytes(): number {
  gc();
  return process.memoryUsage().rss;
}

/** Loads, runs and closes a model. */
async function cycle(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const model = await load(engine, "tf2");
    await runMany(model, callOf(model, "serving_default", { x: floats([1], 1) }), 5);
    await model.close();
  }
}

const MB = 2 ** 20;
const long = "x".repeat(10_000);
const wide = floats([10_000], ...Array<number>(10_000).fill(1));
const seven = packed("int32", [10_000], new Uint8Array(Int32Array.from(Array<number>(10_000).fill(7)).buffer));
// Each would lose at least 10 kB a run if one of its tensors or strings were not freed: 100 MB and more in 10,000 runs.
const CASES: { name: string; model: LoadedModel; call: RunCall; runs: number }[] = [
  { name: "numbers", model: text, call: callOf(text, "serving_default", { x: wide }), runs: 10_000 },
  {
    name: "strings",
    model: words,
    call: callOf(words, "serving_default", { x: strings(long, "short", long) }),
    runs: 10_000,
  },
  { name: "a value that the graph refuses", model: picky, call: callOf(picky, "gather", { i: seven }), runs: 10_000 },
  {
    name: "a second feed that cannot be made",
    model: text,
    call: {
      ...callOf(text, "serving_default", { x: wide }),
      feeds: [
        ["x:0", wide],
        ["y:0", { ...wide, shape: [3] }],
      ],
    },
    runs: 10_000,
  },
  {
    name: "an output that cannot be sent, beside one that can",
    model: everyDtype,
    call: { ...callOf(everyDtype, "float", { x: wide }), fetches: ["float_y:0", "handle:0"] },
    runs: 10_000,
  },
];

describe("native memory is freed after a run of", () => {
  for (const { name, model, call, runs } of CASES) {
    test(name, async () => {
      await runMany(model, call, runs / 5); // arenas and caches find their size
      const before = residentBytes();
      await runMany(model, call, runs);
      expect(residentBytes() - before).toBeLessThan(40 * MB);
    });
  }

  test("a model that is loaded and closed again and again", async () => {
    await cycle(20);
    const before = residentBytes();
    await cycle(60);
    expect(residentBytes() - before).toBeLessThan(8 * MB);
  });
});
