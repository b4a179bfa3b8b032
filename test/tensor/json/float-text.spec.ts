import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DTypeName, dtypeNamed, encodePredictOutputs, packedTensor } from "../../../tensor/index.ts";
import { textOf } from "./support.ts";

function written(dtype: DTypeName, data: ArrayBufferView): string {
  const tensor = packedTensor(dtypeNamed(dtype), [], new Uint8Array(data.buffer));
  return textOf(encodePredictOutputs("columnar", new Map([["y", tensor]]))).slice('{\n    "outputs": '.length, -2);
}

const float = (value: number): string => written("float", Float32Array.of(value));
const double = (value: number): string => written("double", Float64Array.of(value));

describe("float", () => {
  for (const [value, want] of [
    [0, "0.0"],
    [-0, "-0.0"],
    [1, "1.0"],
    [3, "3.0"],
    [-2.5, "-2.5"],
    [0.1, "0.1"],
    [1 / 3, "0.333333343"],
    [100, "100.0"],
    [999999, "999999.0"],
    [1e6, "1e+06"],
    [9000000, "9e+06"],
    [555557.5, "555557.5"],
    [1234567, "1234567.0"],
    [123456789, "123456792.0"],
    [1234567890, "1.23456794e+09"],
    [0.0003, "0.0003"],
    [0.0001, "0.0001"],
    [0.00003, "3e-05"],
    [0.000012345678, "1.23456784e-05"],
    [1e-45, "1.4013e-45"],
    [3.4028234663852886e38, "3.40282347e+38"],
    [1e-10, "1e-10"],
    [1e22, "1e+22"],
    [16777216, "16777216.0"],
    // The tenth digit is a five and the last: a tie, to the even neighbour.
    [1.001953125, "1.00195312"],
    [1.005859375, "1.00585938"],
    // One in the last place next to powers of ten, where a logarithm may be one off.
    [0.99999994, "0.99999994"],
    [9.999999, "9.99999905"],
    [99999.99, "99999.9922"],
    [999999.94, "999999.938"],
    [1.0000001, "1.00000012"],
    [Number.NaN, "NaN"],
    [Infinity, "Infinity"],
    [-Infinity, "-Infinity"],
  ] as const) {
    test(want, () => expect(float(value)).toBe(want));
  }
});

describe("double", () => {
  for (const [value, want] of [
    [0.1, "0.1"],
    [1 / 3, "0.33333333333333331"],
    [0.1 + 0.2, "0.30000000000000004"],
    [2 / 3, "0.66666666666666663"],
    [1e6, "1e+06"],
    [1234567, "1234567.0"],
    [123456789012345680, "1.2345678901234568e+17"],
    [12345678901234568, "12345678901234568.0"],
    [5e-324, "4.94066e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [1.2345678e-7, "1.2345677999999999e-07"],
    [1e100, "1e+100"],
    // Ties at the seventeenth digit.
    [1 + 2 ** -17, "1.0000076293945312"],
    [5 * 2 ** -24, "2.9802322387695312e-07"],
    [1 - 2 ** -53, "0.99999999999999989"],
    [99999.99999999999, "99999.999999999985"],
    [Number.NaN, "NaN"],
    [-Infinity, "-Infinity"],
  ] as const) {
    test(want, () => expect(double(value)).toBe(want));
  }
});

test("half and bfloat16 take six digits", () => {
  expect(written("half", Uint16Array.of(0x2e66))).toBe("0.0999756");
  expect(written("half", Uint16Array.of(0x0001))).toBe("5.96046e-08");
  expect(written("half", Uint16Array.of(0x3c10))).toBe("1.01562");
  expect(written("half", Uint16Array.of(0x7bff))).toBe("65504.0");
  expect(written("half", Uint16Array.of(0xfc00))).toBe("-Infinity");
  expect(written("half", Uint16Array.of(0x7e00))).toBe("NaN");
  expect(written("bfloat16", Uint16Array.of(0x3dcd))).toBe("0.100098");
  expect(written("bfloat16", Uint16Array.of(0xff7f))).toBe("-3.38953e+38");
});

/** `%.{digits}g` by the runtime's own conversion, which is exact but for ties. */
function general(value: number, count: number): string {
  const [mantissa, power] = value.toExponential(count - 1).split("e") as [string, string];
  const exponent = Number(power);
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  if (exponent < -4 || exponent >= count) {
    return `${short}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const fixed = value.toFixed(Math.max(0, count - 1 - exponent));
  return fixed.includes(".") ? fixed.replace(/\.?0+$/, "") : fixed;
}

function isTie(value: number, count: number): boolean {
  return (
    /^-?\d\.\d*5e/.test(value.toExponential(60).replace(/0+e/, "e")) &&
    value.toExponential(60).replace(/^-/, "").replace(/0*e.*/, "").length === count + 2
  );
}

function expected(value: number, round: (value: number) => number, most: number): string {
  const six = general(value, 6);
  const text = Object.is(round(Number(six)), value) ? six : general(value, most);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

test("any float is written as C would", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      fc.pre(!Object.is(value, -0) && !isTie(value, 9));
      expect(float(value)).toBe(expected(value, Math.fround, 9));
    }),
    { numRuns: 5000 },
  );
});

test("any double is written as C would, and reads back the same", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Number(double(value))).toBe(value);
      fc.pre(!Object.is(value, -0) && !isTie(value, 17));
      expect(double(value)).toBe(expected(value, Number, 17));
    }),
    { numRuns: 5000 },
  );
});
