import { afterAll, describe, expect, test } from "vitest";
import { type DTypeName, dtypeNamed } from "../../../../tensor/index.ts";
import { floats, load, openEngine, packed, runSignature, strings } from "../support.ts";

const engine = await openEngine();
afterAll(() => engine.close());
const model = await load(engine, "every_dtype");

const NAMES = Array.from(model.signatures.keys()).filter(
  (key) => !["resource", "variant", "string"].includes(key),
) as DTypeName[];

describe("every dtype goes in and comes out byte for byte", () => {
  test("all that TensorFlow 2.21 can write are here", () => {
    expect(NAMES.length).toBe(27);
  });

  for (const name of NAMES) {
    const { itemBytes } = dtypeNamed(name);
    const bytes = (count: number): Uint8Array =>
      Uint8Array.from({ length: count * itemBytes }, (_, i) => (name === "bool" ? i % 2 : (i * 37 + 11) % 256));
    for (const { kind, shape, count } of [
      { kind: "a matrix", shape: [2, 3], count: 6 },
      { kind: "a scalar", shape: [], count: 1 },
      { kind: "nothing", shape: [4, 0], count: 0 },
    ]) {
      test(`${name}: ${kind}`, async () => {
        const [y] = await runSignature(model, name, { x: packed(name, shape, bytes(count)) });
        expect(y).toMatchObject({ kind: "packed", shape, dtype: { name } });
        expect(y?.kind === "packed" && Buffer.compare(y.data, bytes(count))).toBe(0);
      });
    }
  }

  test("bytes that lie at an odd address of a message", async () => {
    const message = new Uint8Array(17).map((_, i) => i);
    const [y] = await runSignature(model, "double", { x: packed("double", [2], message.subarray(1)) });
    expect(y?.kind === "packed" && Array.from(y.data)).toEqual(Array.from(message.subarray(1)));
  });

  test("string", async () => {
    const [y] = await runSignature(model, "string", { x: strings("a", "б") });
    expect(y).toMatchObject({ kind: "string", shape: [2], dtype: { name: "string" } });
  });

  test("a hundred million bytes", async () => {
    const data = new Uint8Array(1e8);
    data[data.length - 1] = 7;
    const [y] = await runSignature(model, "uint8", { x: packed("uint8", [1e4, 1e4], data) });
    expect(y?.kind === "packed" && [y.data.length, y.data.at(-1)]).toEqual([1e8, 7]);
  });
});

test("a reference type comes back as its base type", async () => {
  const counter = await load(engine, "counter");
  const [count] = await runSignature(counter, "add", { delta: floats([], 2) });
  expect(count).toMatchObject({ dtype: { name: "float" }, shape: [] });
});

for (const name of ["resource", "variant"]) {
  test(`an output of type ${name} is UNIMPLEMENTED`, async () => {
    await expect(runSignature(model, name, {})).rejects.toMatchObject({
      code: "UNIMPLEMENTED",
      message: expect.stringContaining(name),
    });
  });
}
