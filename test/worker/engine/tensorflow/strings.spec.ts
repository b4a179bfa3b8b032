import { afterAll, describe, expect, test } from "vitest";
import { elementCount, stringTensor } from "../../../../tensor/index.ts";
import { load, openEngine, runSignature, strings, valuesOf } from "../support.ts";

const engine = await openEngine();
afterAll(() => engine.close());
const model = await load(engine, "strings");

/** 22 bytes is the most that TensorFlow keeps in place. */
const LENGTHS = [0, 1, 21, 22, 23, 24, 1000, 1_000_000];

describe("strings", () => {
  test("of every length come back as they went in", async () => {
    const texts = LENGTHS.map((length) => "abcdefghij".repeat(length).slice(0, length));
    const [y] = await runSignature(model, "same", { x: strings(...texts) });
    expect(valuesOf(y)).toEqual(texts);
  });

  test("of every length are read by TensorFlow's own functions", async () => {
    const texts = LENGTHS.map((length) => "x".repeat(length));
    const [upper] = await runSignature(model, "serving_default", { x: strings(...texts) });
    expect(valuesOf(upper)).toEqual(texts.map((text) => text.toUpperCase()));
    const [lengths] = await runSignature(model, "lengths", { x: strings(...texts) });
    expect(lengths?.kind === "packed" && Array.from(new Int32Array(Uint8Array.from(lengths.data).buffer))).toEqual(
      LENGTHS,
    );
    const [joined] = await runSignature(model, "joined", { x: strings(...texts) });
    expect(valuesOf(joined)).toEqual([texts.join("")]);
  });

  test("may hold any bytes", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const [y] = await runSignature(model, "same", { x: strings(bytes, "\0\0") });
    expect(y?.kind === "string" && Buffer.compare(y.values[0] ?? Buffer.of(), bytes)).toBe(0);
    expect(y?.kind === "string" && Array.from(y.values[1] ?? [])).toEqual([0, 0]);
  });

  for (const shape of [[], [0], [3, 0], [2, 2]]) {
    test(`in shape [${shape.join(",")}]`, async () => {
      const values = Array.from({ length: elementCount(shape) }, (_, i) => Buffer.from(`value ${i}`));
      const [y] = await runSignature(model, "same", { x: stringTensor(shape, values) });
      expect(y).toMatchObject({ shape });
      expect(valuesOf(y)).toEqual(values.map(String));
    });
  }

  test("that a variable keeps outlive the call that brought them", async () => {
    const texts = ["short", "long ".repeat(100), "x".repeat(5000)];
    await runSignature(model, "keep", { x: strings(...texts) });
    for (let i = 0; i < 200; i++)
      await runSignature(model, "serving_default", { x: strings("other ".repeat(200), "y".repeat(5000)) });
    expect(valuesOf((await runSignature(model, "kept", {}))[0])).toEqual(texts);
  });
});
