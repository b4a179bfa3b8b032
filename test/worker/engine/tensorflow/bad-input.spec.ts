import { afterAll, afterEach, describe, expect, test } from "vitest";
import { NO_DEADLINE } from "../../../../core/index.ts";
import { type Tensor } from "../../../../tensor/index.ts";
import { floats, load, openEngine, packed, runSignature, strings, valuesOf } from "../support.ts";

const engine = await openEngine();
afterAll(() => engine.close());
const model = await load(engine, "text");
const picky = await load(engine, "picky");
const lost = await load(engine, "lost_tensor");

const LOST = /was not found in the Graph/;

describe("what the graph cannot take is INVALID_ARGUMENT, and the process lives", () => {
  afterEach(async () => {
    const [y] = await runSignature(model, "serving_default", { x: floats([1], 2) });
    expect(valuesOf(y)).toEqual([3]);
  });

  const one = floats([], 1);
  const cases: { name: string; feeds: [string, Tensor][]; fetches?: string[]; message: RegExp }[] = [
    {
      name: "another dtype",
      feeds: [["x:0", packed("int32", [1], new Uint8Array(4))]],
      message: /Expects arg\[0\] to be float but int32 is provided/,
    },
    {
      name: "strings for numbers",
      feeds: [["x:0", strings("1")]],
      message: /Expects arg\[0\] to be float but string is provided/,
    },
    { name: "nothing fed", feeds: [], message: /You must feed a value for placeholder tensor 'x'/ },
    { name: "an unknown input", feeds: [["q:0", one]], message: LOST },
    { name: "an output that is not there", feeds: [["x:0", one]], fetches: ["q:0"], message: LOST },
    { name: "an output number that the op does not have", feeds: [["x:0", one]], fetches: ["y:1"], message: LOST },
    { name: "an input number that the op does not have", feeds: [["x:1", one]], message: LOST },
    { name: "a huge output number", feeds: [["x:0", one]], fetches: ["y:99999999999999999999"], message: LOST },
    { name: "no name", feeds: [["x:0", one]], fetches: [""], message: LOST },
    { name: "a control edge", feeds: [["x:0", one]], fetches: ["^y"], message: LOST },
    { name: "nothing to fetch", feeds: [["x:0", one]], fetches: [], message: /Must specify at least one target/ },
    {
      name: "the same input twice",
      feeds: [
        ["x:0", one],
        ["x:0", one],
      ],
      message: /fed more than once/,
    },
    { name: "an input asked back", feeds: [["x:0", one]], fetches: ["x:0"], message: /both fed and fetched/ },
    // TensorFlow checks the next ones by assertion: without a look of our own they would end the process.
    {
      name: "255 dimensions",
      feeds: [["x:0", floats(Array<number>(255).fill(1), 1)]],
      message: /at most 254 dimensions, got 255/,
    },
    {
      name: "sizes whose product overflows, for nothing",
      feeds: [["x:0", floats([2 ** 40, 2 ** 40, 0])]],
      message: /too large/,
    },
    { name: "a negative size", feeds: [["x:0", floats([-1], 1)]], message: /shape \[-1\]/ },
    { name: "a size that is no number", feeds: [["x:0", floats([Number.NaN], 1)]], message: /shape \[NaN\]/ },
    { name: "fewer bytes than the shape says", feeds: [["x:0", floats([3], 1)]], message: /takes 12 bytes, got 4/ },
    {
      name: "fewer strings than the shape says",
      feeds: [["x:0", { ...strings("a"), shape: [2] }]],
      message: /takes 2 values, got 1/,
    },
  ];
  for (const { name, feeds, fetches = ["y:0"], message } of cases) {
    test(name, async () => {
      for (let i = 0; i < 2; i++) {
        const failed = (async () => model.run({ plan: name, feeds, fetches, deadline: NO_DEADLINE }))();
        await expect(failed).rejects.toMatchObject({ code: "INVALID_ARGUMENT", origin: "client" });
        await expect(failed).rejects.toThrow(message);
      }
    });
  }

  test("a value that the graph refuses, with TensorFlow's words", async () => {
    await expect(runSignature(picky, "serving_default", { x: floats([1], Number.NaN) })).rejects.toThrow(
      /no NaN here : Tensor had NaN values/,
    );
    const seven = packed("int32", [1], new Uint8Array(Int32Array.of(7).buffer));
    await expect(runSignature(picky, "gather", { i: seven })).rejects.toThrow(/indices\[0\] = 7 is not in \[0, 3\)/);
  });

  for (const key of ["lost_op", "lost_output", "not_a_tensor", "control"]) {
    test(`a signature that names what the graph lacks: ${key}`, async () => {
      await expect(runSignature(lost, key, { x: floats([1], 2) })).rejects.toThrow(LOST);
      expect(valuesOf((await runSignature(lost, "serving_default", { x: floats([1], 2) }))[0])).toEqual([3]);
    });
  }

  test("a resource to feed is UNIMPLEMENTED", async () => {
    const feeds = [["x:0", packed("resource", [0], new Uint8Array(0))]] as const;
    await expect(
      (async () => model.run({ plan: "r", feeds, fetches: ["y:0"], deadline: NO_DEADLINE }))(),
    ).rejects.toMatchObject({ code: "UNIMPLEMENTED" });
  });
});

describe("what the graph takes though it looks odd", () => {
  test("254 dimensions", async () => {
    const shape = Array<number>(254).fill(1);
    const [y] = await runSignature(model, "serving_default", { x: floats(shape, 2) });
    expect(y?.shape).toEqual(shape);
  });

  test("the same output twice", async () => {
    const answer = await model.run({
      plan: "twice",
      feeds: [["x:0", floats([], 2)]],
      fetches: ["y:0", "y"],
      deadline: NO_DEADLINE,
    });
    expect(answer.map(valuesOf)).toEqual([[3], [3]]);
  });
});
