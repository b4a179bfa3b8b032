import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { valuesOf } from "../proto/wire-data.ts";
import { decode } from "./support.ts";

function double(text: string): unknown {
  return valuesOf(decode(`{"inputs": ${text}}`, { x: "double" }).inputs.get("x") as never)[0];
}

/** The runtime's own conversion is correctly rounded. */
function agrees(text: string): void {
  expect(double(text), text).toBe(Number(text));
}

const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 34 }).map((list) => list.join(""));
const whole = digits.map((text) => text.replace(/^0+(?=\d)/, ""));

describe("every decimal becomes the nearest double", () => {
  test("of any spelling", () => {
    const exponent = fc.oneof(
      fc.constant(""),
      fc.integer({ min: -340, max: 270 }).map((power) => `e${power}`),
    );
    fc.assert(
      fc.property(whole, digits, exponent, (head, tail, power) => {
        agrees(`${head}.${tail}${power}`);
      }),
      { numRuns: 5000 },
    );
  });

  test("as doubles are printed", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -1.5e308, max: 1.5e308 }),
        fc.integer({ min: 1, max: 25 }),
        (value, places) => {
          agrees(value.toExponential(places).replace("e+", "e"));
          agrees(value.toExponential(16).replace("e+", "e"));
        },
      ),
      { numRuns: 5000 },
    );
  });

  test("at and around the midpoint of two doubles", () => {
    const odd = fc.bigInt(2n ** 52n, 2n ** 53n - 1n).map((mantissa) => mantissa * 2n + 1n);
    fc.assert(
      fc.property(
        odd,
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: -1, max: 1 }),
        fc.integer({ min: 0, max: 22 }),
        (middle, shift, step, scale) => {
          const exact = middle * 2n ** BigInt(shift) * 10n ** 3n + BigInt(step);
          agrees(`${exact}e-${scale}`);
          const text = String(exact);
          agrees(`${text.slice(0, 5)}.${text.slice(5)}`);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("with more zeros than digits", () => {
    for (const text of [
      "0.0000000000000000000000001",
      "1000000000000000000000000.0",
      `0.${"0".repeat(300)}1`,
      "0.10e1",
      "100000e-5",
      `1${"0".repeat(300)}`,
      `0.${"0".repeat(400)}1e300`,
      "0e99999",
      "1e-99999999999",
    ]) {
      agrees(text);
    }
  });
});

function integer(text: string, dtype: "int64" | "uint64"): unknown {
  return valuesOf(decode(`{"inputs": [${text}]}`, { x: dtype }).inputs.get("x") as never)[0];
}

test("64-bit integers are exact", () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
      expect(integer(String(value), "int64")).toBe(String(value));
    }),
  );
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => {
      expect(integer(String(value), "uint64")).toBe(String(value));
    }),
  );
});
