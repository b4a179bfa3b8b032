import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  type DTypeName,
  decodePredictInputs,
  dtypeNamed,
  elementCount,
  encodePredictOutputs,
  packedTensor,
  parseRequestBody,
  stringTensor,
  type Tensor,
} from "../../tensor/index.ts";
import { bytesOf, decode, signature, textOf } from "../tensor/json/support.ts";

/** What is compared: buffers are equal by their bytes, wherever these lie. */
function held(tensor: Tensor | undefined): unknown {
  if (tensor === undefined) return undefined;
  const data = tensor.kind === "string" ? tensor.values.map((value) => Buffer.from(value)) : Buffer.from(tensor.data);
  return { dtype: tensor.dtype.name, shape: tensor.shape, data };
}

const NUMBERS: readonly DTypeName[] = [
  "float",
  "double",
  "int8",
  "uint8",
  "int16",
  "int32",
  "uint32",
  "int64",
  "uint64",
];

/** Of one dimension at least, and none empty, as a list does not tell what would be in it. */
const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });

/** Numbers of any bits; NaN has one spelling only, so it comes back as the one NaN. */
const numbers: fc.Arbitrary<Tensor> = fc.tuple(fc.constantFrom(...NUMBERS), shapes).chain(([name, shape]) => {
  const dtype = dtypeNamed(name);
  const length = elementCount(shape) * dtype.itemBytes;
  return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => {
    const data = Uint8Array.from(bytes);
    if (name === "float") data.set(new Uint8Array(new Float32Array(data.buffer).map(oneNaN).buffer));
    if (name === "double") data.set(new Uint8Array(new Float64Array(data.buffer).map(oneNaN).buffer));
    return packedTensor(dtype, shape, data);
  });
});

function oneNaN(value: number): number {
  return Number.isNaN(value) ? Number.NaN : value;
}

const bools: fc.Arbitrary<Tensor> = shapes.chain((shape) => {
  const count = elementCount(shape);
  return fc
    .array(fc.constantFrom(0, 1), { minLength: count, maxLength: count })
    .map((data) => packedTensor(dtypeNamed("bool"), shape, Uint8Array.from(data)));
});

function strings(value: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Tensor> {
  return shapes.chain((shape) => {
    const count = elementCount(shape);
    return fc.array(value, { minLength: count, maxLength: count }).map((values) => stringTensor(shape, values));
  });
}

const texts = strings(fc.string({ unit: "binary", maxLength: 20 }).map(bytesOf));
const blobs = strings(fc.uint8Array({ maxLength: 20 }).map((bytes) => Uint8Array.from(bytes)));

/** What is written as an answer is, under another key, a request that holds the same. */
function comesBack(form: "row" | "columnar", outputs: ReadonlyMap<string, Tensor>): void {
  const answer = textOf(encodePredictOutputs(form, outputs));
  const request = answer.replace(/^\{\s*"(?:predictions|outputs)"/, form === "row" ? '{"instances"' : '{"inputs"');
  const dtypes = Object.fromEntries([...outputs].map(([name, { dtype }]) => [name, dtype.name]));
  const { inputs } = decodePredictInputs(parseRequestBody(bytesOf(request)), signature(dtypes));
  expect(Object.fromEntries([...inputs].map(([name, tensor]) => [name, held(tensor)]))).toEqual(
    Object.fromEntries([...outputs].map(([name, tensor]) => [name, held(tensor)])),
  );
}

const forms = fc.constantFrom("row" as const, "columnar" as const);

test("any tensor that is written as JSON is read as the same, bit for bit", () => {
  fc.assert(
    fc.property(forms, fc.oneof(numbers, bools, texts), (form, tensor) => comesBack(form, new Map([["y", tensor]]))),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(forms, blobs, (form, tensor) => comesBack(form, new Map([["y_bytes", tensor]]))),
    { numRuns: 500 },
  );
});

test("several tensors of one batch too, whatever their names", () => {
  const names = fc.uniqueArray(fc.string({ unit: "binary", minLength: 1, maxLength: 8 }), {
    minLength: 2,
    maxLength: 4,
  });
  const tensor = fc.oneof(numbers, bools, texts);
  const cases = names.chain((keys) =>
    fc
      .tuple(tensor, fc.array(tensor, { minLength: keys.length - 1, maxLength: keys.length - 1 }))
      .map(([first, others]) => {
        const same = [first, ...others].map((each) => (each.shape[0] === first.shape[0] ? each : first));
        return new Map(keys.map((key, i) => [key, same[i] as Tensor]));
      }),
  );
  fc.assert(
    fc.property(forms, cases, (form, outputs) => {
      // A name that ends so says that its values are written in base64; that is another test.
      fc.pre([...outputs.keys()].every((name) => name !== "b64" && !name.endsWith("_bytes")));
      comesBack(form, outputs);
    }),
    { numRuns: 500 },
  );
});

const WAYS = ["plain", "lower", "upper"] as const;

/** Each character as it is, or escaped in one of the ways that JSON knows. */
function escaped(text: string, ways: readonly (typeof WAYS)[number][]): string {
  const spelled = Array.from(text, (character, i) => {
    const way = ways[i % ways.length];
    if (way === "plain") return JSON.stringify(character).slice(1, -1);
    if (character === "/") return "\\/";
    const units = Array.from({ length: character.length }, (_, at) =>
      character.charCodeAt(at).toString(16).padStart(4, "0"),
    );
    return units.map((unit) => `\\u${way === "upper" ? unit.toUpperCase() : unit}`).join("");
  });
  return spelled.join("");
}

test("any text is read, however it is spelled", () => {
  const how = fc.array(fc.constantFrom(...WAYS), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), how, (text, ways) => {
      const { inputs } = decode(`{"inputs": ["${escaped(text, ways)}"]}`, { x: "string" });
      expect(held(inputs.get("x"))).toEqual({ dtype: "string", shape: [1], data: [Buffer.from(text)] });
    }),
    { numRuns: 2000 },
  );
});

const space = fc.stringMatching(/^[ \t\r\n]{0,4}$/);

test("rows of objects hold the same in any order of their members, with any white space; the first of two members counts", () => {
  const row = fc.record({ a: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), b: fc.boolean(), twice: fc.boolean() });
  fc.assert(
    fc.property(fc.array(fc.tuple(row, fc.boolean()), { minLength: 1, maxLength: 5 }), space, (rows, gap) => {
      const members = ({ a, b, twice }: { a: number; b: boolean; twice: boolean }, turned: boolean): string => {
        const own = [`"a"${gap}:${gap}${a}`, `"b":${gap}[${b}]${gap}`];
        const [first, second] = turned ? own.toReversed() : own;
        return `{${gap}${[first, second, ...(twice ? ['"a": 7'] : [])].join(`${gap},${gap}`)}${gap}}`;
      };
      const list = rows.map(([each, turned]) => members(each, turned)).join(`,${gap}`);
      const { inputs } = decode(`${gap}{${gap}"instances":${gap}[${list}]${gap}}${gap}`, { a: "int32", b: "bool" });
      const ints = Int32Array.from(rows.map(([{ a }]) => a));
      expect(held(inputs.get("a"))).toEqual({
        dtype: "int32",
        shape: [rows.length],
        data: Buffer.from(ints.buffer),
      });
      expect(held(inputs.get("b"))).toEqual({
        dtype: "bool",
        shape: [rows.length, 1],
        data: Buffer.from(rows.map(([{ b }]) => (b ? 1 : 0))),
      });
    }),
    { numRuns: 1000 },
  );
});
