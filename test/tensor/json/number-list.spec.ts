import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DTypeName, parseRequestBody, type RequestBody } from "../../../tensor/index.ts";
import { readColumns } from "../../../tensor/json/columns.ts";
import { readRows } from "../../../tensor/json/rows.ts";
import { type Source, sourceOf } from "../../../tensor/json/source.ts";
import { checkSyntax } from "../../../tensor/json/syntax.ts";
import { mutated, Random } from "../../fuzz/random.ts";
import { bytesOf, failureOf, signature } from "./support.ts";

/*
 * Long lists of numbers are read by WebAssembly kernels. Whatever they are given, the result and every error must be those
 * of the readers in JavaScript alone.
 */

const DTYPES: readonly DTypeName[] = ["float", "double", "int32", "uint8", "int64", "uint64", "half", "bool", "string"];

function parsedSlowly(bytes: Uint8Array): string {
  return failureOf(() => checkSyntax(bytes, () => undefined)).replace(/got \d+/, "");
}

function parsed(bytes: Uint8Array, dtype: DTypeName): RequestBody | undefined {
  let body: RequestBody | undefined;
  const said = failureOf(() => {
    body = parseRequestBody(bytes, dtype);
  });
  if (body === undefined) {
    // Beyond syntax a body has to be an object with a name that is a string.
    const slow = parsedSlowly(bytes);
    if (slow.startsWith("INVALID_ARGUMENT") || !said.includes("JSON Value:")) expect(said).toBe(slow);
  } else expect(parsedSlowly(bytes)).toMatch(/^nothing thrown/);
  return body;
}

function inputsOf({ members }: RequestBody, source: Source, dtype: DTypeName): unknown {
  const { inputs: infos } = signature({ x: dtype });
  let tensors: unknown;
  const failure = failureOf(() => {
    const [instances, inputs] = [members.get("instances"), members.get("inputs")];
    const read = instances === undefined ? readColumns(source, inputs ?? 0, infos) : readRows(source, instances, infos);
    tensors = [...(read ?? [])].map(([name, tensor]) => [
      name,
      tensor.dtype.name,
      tensor.shape,
      tensor.kind === "packed"
        ? Buffer.from(tensor.data).toString("hex")
        : tensor.values.map((v) => Buffer.from(v).toString("hex")),
    ]);
  });
  return tensors ?? failure;
}

/** That both ways agree; gives whether the kernels have read anything. */
function agree(bytes: Uint8Array, expected: DTypeName, dtype: DTypeName): boolean {
  const body = parsed(bytes, expected);
  if (body === undefined) return false;
  const slow: Source = { ...sourceOf(body, {}), lists: new Map(), reader: undefined };
  expect(inputsOf(body, sourceOf(body, {}), dtype)).toEqual(inputsOf(body, slow, dtype));
  return body.lists.size > 0;
}

const text = (value: unknown): string => JSON.stringify(value).replaceAll(/"(-?[\w.+-]+)"/g, "$1");

const LENGTH = 80;
const row = (make: (i: number) => unknown): unknown[] => Array.from({ length: LENGTH }, (_, i) => make(i));

describe("a list of numbers is read alike by both ways", () => {
  for (const [name, value] of [
    ["small integers", row((i) => i - 20)],
    ["decimals", row((i) => i / 7)],
    ["whole numbers that floats hold, up to the last", row((i) => (i === 33 ? 16777215 : i))],
    ["one that is a float, but so is its neighbour", row((i) => (i === 33 ? 16777216 : i))],
    ["one that a float does not hold", row((i) => (i === 33 ? -16777217 : i))],
    ["whole numbers beside one that is not", row((i) => (i === 33 ? "5.0" : i))],
    ["whole numbers beside one with an exponent", row((i) => (i === 33 ? "5e0" : i))],
    ["one beyond a byte", row((i) => (i === 33 ? 256 : i))],
    ["exponents", row((i) => `${i}.5e${i - 20}`)],
    ["more digits than 64 bits", row((i) => `${i + 1}2345678901234567890123.456789`)],
    ["64-bit integers", row((i) => `${i % 2 === 0 ? "-" : ""}92233720368547758${String(i + 7).padStart(2, "0")}`)],
    ["one that 64 bits hold without a sign only", row((i) => (i === 33 ? "9223372036854775808" : i))],
    ["one that they hold with a sign", row((i) => (i === 33 ? "-9223372036854775808" : i))],
    ["one that they don't hold", row((i) => (i === 33 ? "18446744073709551616" : i))],
    ["unsigned ones", row((i) => `184467440737095516${String(i).padStart(2, "0")}`)],
    ["zeros of both signs", row((i) => ["0", "-0", "0.0", "-0.0", "0e5", "-0e5", "0E-7"][i % 7])],
    ["words", row((i) => ["NaN", "Inf", "-Inf", "Infinity", "-Infinity", "-NaN", "1"][i % 7])],
    ["what rounds to infinity", row((i) => (i === 33 ? "1.7976931348623159e308" : "1.0"))],
    ["what is too big", row((i) => (i === 33 ? "1e400" : "1.0"))],
    ["what is too big, negative", row((i) => (i === 33 ? "-1e400" : "1.0"))],
    ["what is too small", row((i) => (i === 33 ? "-1e-400" : "1.0"))],
    ["subnormals", row((i) => `${i}e-323`)],
    ["a leading zero", row((i) => (i === 33 ? "01" : "10"))],
    ["a point without digits", row((i) => (i === 33 ? "1." : "10"))],
    ["a point without a number", row((i) => (i === 33 ? ".5" : "10"))],
    ["a plus", row((i) => (i === 33 ? "+5" : "10"))],
    ["a lone minus", row((i) => (i === 33 ? "-" : "10"))],
    ["an exponent without digits", row((i) => (i === 33 ? "1e+" : "10"))],
    ["nested", row((i) => row((j) => i * j))],
    ["nested deep", [[[row((i) => [i])]], [[row((i) => [-i])]]]],
    ["nested deeper than kernels look", row((i) => JSON.parse(`${"[".repeat(20)}${i}${"]".repeat(20)}`) as unknown)],
    ["ragged", row((i) => row((j) => j).slice(0, i === 33 ? 5 : 7))],
    ["of two depths", row((i) => (i === 33 ? 1 : [1]))],
    ["of two depths, the other way round", row((i) => (i === 33 ? [1] : 1))],
    ["empty at its end", [row((i) => i), []]],
    ["with a null", row((i) => (i === 33 ? null : 1.5))],
    ["with a truth value", row((i) => (i === 33 ? true : 1.5))],
    ["with a list of a text", row((i) => (i === 33 ? ["a text"] : [1.5]))],
  ] as const) {
    test(name, () => {
      for (const key of ["instances", "inputs"]) {
        for (const dtype of DTYPES) {
          for (const space of ["", " ", "\r\n\t "]) {
            const list = text(value).replaceAll(",", `${space},${space}`).replaceAll("]", `${space}]`);
            for (const body of [`{"${key}":${list}}`, `{"${key}": {"x": ${list}}}`, `{"${key}": [{"x": ${list}}]}`]) {
              agree(bytesOf(body), "float", dtype);
              agree(bytesOf(body), dtype, dtype);
            }
          }
        }
      }
    });
  }
});

test("lists of any length are, wherever a window of the kernels ends", () => {
  const random = new Random(7);
  for (const spell of [
    () => String(random.below(1000)),
    () => (random.unit() * 2 - 1).toFixed(random.below(9) + 1),
    () => String(random.unit()),
    () => `${random.below(100)}.${random.below(100)}e${random.below(20) - 10}`,
    () => random.pick(["-Infinity", "NaN", "1"]),
    () => `${" ".repeat(random.below(50))}${random.below(1000)}`,
  ]) {
    for (const count of [6000, 20000, 70000]) {
      const list = Array.from({ length: count }, () => `[${spell()},${spell()}]`).join(",");
      for (const dtype of ["float", "int32"] as const) agree(bytesOf(`{"instances":[${list}]}`), dtype, dtype);
    }
  }
});

describe("one number among others that are laid out alike is read alike, whatever byte stands anywhere in it", () => {
  for (const sample of ["0.123456", "-0.5", "98.25", "-103.939", "7", "-12", "1234.5678901234", "12345678901.2345"]) {
    test(sample, () => {
      let taken = 0;
      for (const gap of [",", ", "]) {
        const around = (odd: string): string => [...row(() => sample), odd, ...row(() => sample)].join(gap);
        for (let at = 0; at <= sample.length; at++) {
          for (const byte of "059.-+eE/:], [\n") {
            const replaced = around(`${sample.slice(0, at)}${byte}${sample.slice(at + 1)}`);
            const inserted = around(`${sample.slice(0, at)}${byte}${sample.slice(at)}`);
            for (const list of [replaced, inserted]) {
              if (agree(bytesOf(`{"inputs": [${list}]}`), "float", "float")) taken++;
            }
          }
        }
      }
      // Else this would test little.
      expect(taken).toBeGreaterThan(20);
    });
  }
});

test("so are rows of one length, and one that is not", () => {
  for (const inside of [",", ", "]) {
    for (const between of ["],[", "], [", "],\n[", "] ,[", "],[,", "][", "],,[", "]],[[", "],[[", "]],["]) {
      for (const size of [1, 2, 3, 70]) {
        const one = Array.from({ length: size }, (_, i) => (i / 7).toFixed(6)).join(inside);
        const rows = (count: number): string => Array.from({ length: count }, () => one).join("],[");
        for (const odd of [one, `${one}${inside}0.5`, "", "0.5", one.slice(0, -1)]) {
          const list = `[[${rows(60)}${between}${odd}],[${rows(60)}]]`;
          for (const dtype of ["float", "double"] as const) agree(bytesOf(`{"instances": ${list}}`), dtype, dtype);
        }
      }
    }
  }
});

test("a number or a gap longer than a window is", () => {
  const digits = "1".repeat(70_000);
  for (const odd of [`0.${digits}`, `${" ".repeat(70_000)}5`, digits]) {
    agree(bytesOf(`{"inputs": [${text(row((i) => i))},[1.5, ${odd}]]}`), "float", "float");
    agree(bytesOf(`{"inputs": [${text(row((i) => i)).slice(1, -1)}, ${odd}, 2]}`), "float", "float");
  }
});

test("a body cut off anywhere is refused alike", () => {
  const body = bytesOf(`{"instances": [${text(row((i) => i / 3)).slice(1)}}`);
  for (let end = 0; end < body.length; end++) agree(body.subarray(0, end), "float", "float");
});

test("damaged lists are", () => {
  const random = new Random(11);
  const samples = [
    row((i) => i - 9),
    row((i) => i / 3),
    row((i) => [i / 3, i * 1e10]),
    row((i) => [[`${i}e-5`]]),
    row((i) => ({ x: row((j) => i * j) })),
  ].map((value) => Buffer.from(`{"instances": ${text(value)}}`));
  let read = 0;
  for (let i = 0; i < 4000; i++) {
    const bytes = mutated(random, random.pick(samples), samples, 1);
    if (agree(bytes, random.pick(DTYPES), random.pick(DTYPES))) read++;
  }
  // Else this would test little.
  expect(read).toBeGreaterThan(200);
});

test("random lists are", () => {
  const scalar = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.integer().map(String),
    fc.bigInt(-(2n ** 63n), 2n ** 64n).map(String),
    fc.stringMatching(/^-?(0|[1-9]\d{0,25})(\.\d{1,25})?([eE][+-]?\d{1,3})?$/),
  );
  fc.assert(
    fc.property(fc.array(scalar, { minLength: 20, maxLength: 60 }), fc.constantFrom(...DTYPES), (list, dtype) => {
      agree(bytesOf(`{"inputs": [${list.join(", ")}]}`), dtype, dtype);
    }),
    { numRuns: 1000 },
  );
});
