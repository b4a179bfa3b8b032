import { afterAll, describe, expect, test } from "vitest";
import { dtypeNamed, stringTensor, type Tensor } from "../../../tensor/index.ts";
import type { LoadedModel } from "../../../worker/engine/index.ts";
import {
  type ProofOptions,
  proveSignatures,
  type RecordedInputs,
  type Verdict,
} from "../../../worker/merging/index.ts";
import { floats, load, openEngine, runSignature, valuesOf } from "../engine/support.ts";

const engine = await openEngine();
afterAll(() => engine.close());
const model = await load(engine, "company");

async function verdicts(more: Partial<ProofOptions> = {}, of: LoadedModel = model): Promise<(key: string) => string> {
  const within = { relative: 1e-4, absolute: 1e-6 };
  const found = await proveSignatures(of, {
    tolerance: within,
    recorded: [],
    mayRun: true,
    stop: () => false,
    limitMs: 60_000, // on a machine that is busy with other tests
    ...more,
  });
  return (key) => told(found.get(key));
}

function told(verdict: Verdict | undefined): string {
  if (verdict === undefined) return "no verdict";
  return verdict.is === "proven" ? "proven" : `${verdict.is}: ${verdict.reason}`;
}

/** The same signature without those that its test doesn't ask for. */
function only(...keys: readonly string[]): LoadedModel {
  return {
    effects: model.effects,
    signatureDefMap: model.signatureDefMap,
    signatures: new Map([...model.signatures].filter(([key]) => keys.includes(key))),
    run: (call) => model.run(call),
    close: async () => {},
  };
}

function text(...values: readonly string[]): Tensor {
  return stringTensor(
    [values.length],
    values.map((value) => Buffer.from(value)),
  );
}

function words(...values: readonly string[]): RecordedInputs {
  return { signature: "words", inputs: new Map([["words", text(...values)]]) };
}

function image(size: number): RecordedInputs {
  const pixels = Array.from({ length: size * size * 3 }, (_, i) => i / size ** 3);
  return { signature: "image", inputs: new Map([["image", floats([1, size, size, 3], ...pixels)]]) };
}

const verdictOf = await verdicts();

describe("proven are rows that answer alike alone and in company", () => {
  for (const [key, why] of Object.entries({
    plain: "each by itself, with a variable that is only read",
    two_inputs: "of several inputs",
    masked: "of bools",
    rounding: "with other roundings",
    half: "of a 16-bit float",
    best: "with whole numbers as answers",
    any_rank: "of no told rank",
    any_rank_matrix: "of no told rank, that must be vectors",
    image: "of images of no told size, that must not be too small",
    looked_up: "that a table answers, which is a stateful op",
    gathered: "that are ids of a vocabulary of two",
    looping: "through a loop of functions",
    mapped: "through arrays that live for a run",
    asserted: "behind an assertion",
    drawn_in_vain: "that random numbers don't show in, as with a dropout that is off",
    called_noise: "of a branch that draws none",
    hidden_rows: "with outputs of no told rank",
  })) {
    test(`${key}: ${why}`, () => expect(verdictOf(key)).toBe("proven"));
  }
});

describe("refused are rows that answer otherwise in company", () => {
  for (const [key, why] of Object.entries({
    centred: "as they are normalised over the batch",
    greatest: "as they are divided by the greatest of the batch",
    sorted: "as they are sorted over the batch",
    numbered: "as they answer by their place",
    counted: "as they answer by how many there are",
    ranked: "as the greatest comes first",
    crowded: "as many answer otherwise than few",
    centred_matrix: "as vectors do, though single values don't",
    softmax: "as what seems to be a row is a part of one",
  })) {
    test(`${key}: ${why}`, () => {
      expect(verdictOf(key)).toMatch(
        /^refused: rows answer differently in company: output "y" differs: .*, in a batch of/,
      );
    });
  }

  for (const [key, why] of Object.entries({ noisy: "draws random numbers", clock: "reads the clock" })) {
    test(`${key}: as the graph ${why}`, () => {
      expect(verdictOf(key)).toMatch(/^refused: rows answer differently in company: /);
      expect(verdictOf(key)).toMatch(new RegExp(`; [A-Za-z]+ \\(node ".*"\\) ${why}$`));
    });
  }

  test("padded: as their shape is that of the longest", () => {
    expect(verdictOf("padded")).toMatch(/company: output "y" differs: shape \[1,1\] and \[1,2\], in a batch of 2$/);
  });

  test("single: as only one at a time runs", () => {
    expect(verdictOf("single")).toMatch(
      /^refused: rows that run alone fail in a batch of 2: .* requested shape has 3$/,
    );
  });
});

describe("refused are signatures that don't answer a row for each row", () => {
  for (const [key, why] of Object.entries({
    total: 'output "y" is a scalar, which has no rows',
    hidden_total: 'output "y" has no row for each row: its shape is [] for 1 of them',
    hidden_constant: 'output "y" has no row for each row: its shape is [2] for 1 of them',
    distinct: 'output "y" has no row for each row: its shape is [1] for 2 of them',
    eight: 'input "x" takes exactly 8 rows',
    scalar: 'input "x" is a scalar, which has no rows',
    with_scalar: 'input "k" is a scalar, which has no rows',
    no_inputs: "it has no inputs",
  })) {
    test(`${key}: ${why}`, () => expect(verdictOf(key)).toBe(`refused: ${why}`));
  }
});

describe("unproven are signatures that made-up rows tell nothing of", () => {
  for (const [key, why] of Object.entries({
    words: 'no rows of string can be made up for input "words"',
    picky: expect.stringMatching(/^unproven: rows that were made up do not run: assertion failed: [^\n]*$/),
    constant: "rows that differ were all answered alike, which proves nothing",
    nothing: "rows that differ were all answered alike, which proves nothing",
  })) {
    const want: unknown = typeof why === "string" ? `unproven: ${why}` : why;
    test(key, () => expect(verdictOf(key)).toEqual(want));
  }
});

describe("a signature that has an effect which lasts", () => {
  for (const [key, why] of Object.entries({
    counter: "writes what outlives the run",
    old_counter: "writes what outlives the run",
    called_counter: "writes what outlives the run",
    noisy_counter: "writes what outlives the run",
    printed: "acts outside of the graph",
  })) {
    test(`${key} is refused, as it ${why}`, () => {
      expect(verdictOf(key)).toMatch(new RegExp(`^refused: [A-Za-z0-9]+ \\(node ".*"\\) ${why}$`));
    });
  }

  test("is not run", async () => {
    const [count] = await runSignature(model, "count_now", { x: floats([1, 3], 1, 2, 3) });
    expect(valuesOf(count)).toEqual([0]);
  });
});

describe("recorded requests", () => {
  test("give rows of strings, across requests", async () => {
    const verdict = await verdicts({ recorded: [words("one"), words("two")] }, only("words"));
    expect(verdict("words")).toBe("proven");
  });

  test("that hold the same row again give too few", async () => {
    const verdict = await verdicts({ recorded: [words("one", "one"), words("one")] }, only("words"));
    expect(verdict("words")).toMatch(/^unproven: no rows of string/);
  });

  test("of other dimensions than the first are passed over", async () => {
    const verdict = await verdicts({ recorded: [image(40), image(50)] }, only("image"));
    expect(verdict("image")).toBe("proven");
  });

  test("show what strings do to each other", async () => {
    const inputs = new Map([["words", text("a", "b", "c")]]);
    const verdict = await verdicts({ recorded: [{ signature: "joined_words", inputs }] }, only("joined_words"));
    expect(verdict("joined_words")).toMatch(/^refused: .*output "y" differs: another string at 0, in a batch of 2$/);
  });

  test("give rows that run where made-up ones don't", async () => {
    const inputs = new Map([["x", floats([2, 3], 2000, 3000, 4000, 5000, 6000, 7000)]]);
    const verdict = await verdicts({ recorded: [{ signature: "picky", inputs }] }, only("picky"));
    expect(verdict("picky")).toBe("proven");
  });

  test("of other dtypes, other inputs or none are passed over", async () => {
    const x = { kind: "packed" as const, dtype: dtypeNamed("int32"), shape: [2, 3], data: new Uint8Array(24) };
    const recorded: RecordedInputs[] = [
      { signature: "plain", inputs: new Map([["x", x]]) },
      { signature: "plain", inputs: new Map([["y", floats([2, 3], 1, 2, 3, 4, 5, 6)]]) },
      { signature: "plain", inputs: new Map() },
    ];
    expect((await verdicts({ recorded }, only("plain")))("plain")).toBe("proven");
  });

  test("are not tried where they take too much memory", async () => {
    const long = "x".repeat(9 * 2 ** 20);
    const verdict = await verdicts({ recorded: [words(`${long}1`), words(`${long}2`)] }, only("words"));
    expect(verdict("words")).toMatch(/^unproven/);
  });

  test("of one row tell how large the rows are that are made up", async () => {
    const asked: (readonly number[])[] = [];
    const watched: LoadedModel = {
      ...only("image"),
      run: (call) => {
        asked.push(call.feeds[0]?.[1].shape ?? []);
        return model.run(call);
      },
    };
    const image = floats([1, 40, 50, 3], ...Array.from({ length: 6000 }, (_, i) => i / 6000));
    const recorded = [{ signature: "image", inputs: new Map([["image", image]]) }];
    expect((await verdicts({ recorded }, watched))("image")).toBe("proven");
    expect(new Set(asked.map(([, ...inner]) => inner.join()))).toEqual(new Set(["40,50,3"]));
  });
});

describe("a proof", () => {
  test("holds within its tolerance only", async () => {
    const exact = await verdicts({ tolerance: { relative: 0, absolute: 0 } }, only("rounding", "plain"));
    expect(exact("rounding")).toMatch(/^refused: rows answer differently/);
    expect(exact("plain")).toBe("proven");
  });

  test("that has no time left leaves what is unproven to others", async () => {
    const late = await verdicts({ limitMs: 0 }, only("plain", "centred", "counter", "total"));
    expect(late("plain")).toBe("unproven: the time for the proof was over");
    expect(late("centred")).toBe("unproven: the time for the proof was over");
    expect(late("counter")).toMatch(/^refused/);
    expect(late("total")).toMatch(/^refused/);
  });

  test("that may not run anything refuses what the graph alone refuses", async () => {
    const unrun = await verdicts({ mayRun: false }, only("plain", "counter"));
    expect(unrun("plain")).toBe("unproven: warm-up is off");
    expect(unrun("counter")).toMatch(/^refused/);
  });

  test("ends between two runs when nobody needs it any more", async () => {
    let left = 3;
    const cut = await verdicts({ stop: () => left-- === 0 }, only("plain"));
    expect(cut("plain")).toBe("unproven: the proof was cut short");
    expect(left).toBe(-1);
  });

  test("begins with the default signature, and leaves out TensorFlow's own", async () => {
    const plain = model.signatures.get("plain");
    if (plain === undefined) throw new Error("no such signature");
    const keys = ["other", "__saved_model_init_op", "serving_default"];
    const signatures = new Map(keys.map((key) => [key, { ...plain, key }]));
    const order = new Set<string>();
    const found = await verdicts(
      {},
      {
        ...only(),
        signatures,
        run: (call) => {
          order.add(call.plan);
          return model.run(call);
        },
      },
    );
    expect([...order]).toEqual(["proof of serving_default", "proof of other"]);
    expect(found("__saved_model_init_op")).toBe("no verdict");
  });

  test("makes up no rows that take too much memory", async () => {
    const one = only("plain");
    const plain = one.signatures.get("plain");
    if (plain === undefined) throw new Error("no such signature");
    const x = { name: "x:0", dtype: dtypeNamed("float"), shape: [-1, 2 ** 24] };
    const huge = new Map([["plain", { ...plain, inputs: new Map([["x", x]]) }]]);
    const verdict = await verdicts({}, { ...one, signatures: huge });
    expect(verdict("plain")).toBe("unproven: a row is too large to be tried (67108864 bytes)");
  });
});
