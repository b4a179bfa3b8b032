import { describe, expect, test } from "vitest";
import { dtypeNamed, packedTensor } from "../../../tensor/index.ts";
import { ByteBuffer } from "../../../tensor/json/byte-buffer.ts";
import { writeFloat } from "../../../tensor/json/float-text.ts";
import { listLayout } from "../../../tensor/json/list-layout.ts";
import { NumberListReader } from "../../../tensor/json/number-list.ts";
import { writeNumbers } from "../../../tensor/json/write-numbers.ts";
import { Random } from "../../fuzz/random.ts";
import { bytesOf, textOf } from "./support.ts";

/*
 * The WebAssembly kernels against the runtime's own conversion of text to numbers, and against the writer in JavaScript, on
 * numbers of any bits and on those that are hard to round.
 */

type Floats = Float32Array | Float64Array;

const COUNT = 250_000;

function memoryOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function filled<T extends Floats>(values: T, make: () => number): T {
  for (let i = 0; i < values.length; i++) values[i] = make();
  return values;
}

/** Numbers of any bits, but finite. */
function anyBits<T extends Floats>(values: T, random: Random): T {
  const words = new Uint32Array(values.buffer);
  for (let i = 0; i < words.length; i++) words[i] = random.unit() * 2 ** 32;
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) values[i] = i;
  return values;
}

function readBack(texts: readonly string[], dtype: "float" | "double"): Floats {
  const body = bytesOf(`[${texts.join(",")}]`);
  const list = NumberListReader.of(body)?.read(0, dtype);
  if (list === undefined) throw new Error("the kernels have not read it");
  const { buffer, byteOffset } = list.data;
  return dtype === "float"
    ? new Float32Array(buffer, byteOffset, texts.length)
    : new Float64Array(buffer, byteOffset, texts.length);
}

/** Compares without a call of `expect` for each number. */
function firstDifference(got: ArrayLike<unknown>, want: ArrayLike<unknown>, texts: readonly string[]): unknown {
  if (got.length !== want.length) return `${got.length} of ${want.length}`;
  for (let i = 0; i < want.length; i++) {
    if (!Object.is(got[i], want[i])) return { text: texts[i], got: got[i], want: want[i] };
  }
  return undefined;
}

/** TensorFlow Serving reads doubles and makes floats of them: two roundings, which this must be too. */
function readsExactly(texts: readonly string[]): void {
  const doubles = Float64Array.from(texts, Number);
  expect(firstDifference(readBack(texts, "double"), doubles, texts)).toBeUndefined();
  expect(firstDifference(readBack(texts, "float"), Float32Array.from(doubles), texts)).toBeUndefined();
}

describe("every decimal is read as the nearest double, and as a float what that rounds to", () => {
  test("the shortest and the longest texts of numbers of any bits", () => {
    const random = new Random(1);
    const doubles = [...anyBits(new Float64Array(COUNT), random)];
    readsExactly(doubles.map(String));
    readsExactly(doubles.map((value) => value.toExponential(16)));
    const floats = [...anyBits(new Float32Array(COUNT), random)];
    readsExactly(floats.map(String));
    readsExactly(floats.map((value) => value.toPrecision(9)));
  });

  test("numbers of one size, by any count of digits", () => {
    const random = new Random(2);
    const texts = Array.from({ length: COUNT }, () => {
      const value = (random.unit() * 2 - 1) * 10 ** random.below(9);
      return random.chance(0.5) ? value.toFixed(random.below(20)) : String(value);
    });
    // toFixed has "-0", which no double is written as.
    readsExactly(texts.map((text) => (Number(text) === 0 ? "0" : text)));
  });

  test("midpoints of two doubles and of two floats, and their neighbours", () => {
    const random = new Random(3);
    const texts: string[] = [];
    for (let i = 0; i < 40_000; i++) {
      const bits = random.pick([53n, 24n]);
      const mantissa =
        (1n << bits) | ((BigInt(random.below(2 ** 30)) * BigInt(random.below(2 ** 22))) % (1n << bits)) | 1n;
      const scale = random.below(25);
      const exact = mantissa * 2n ** BigInt(random.below(60)) * 10n ** BigInt(random.below(4));
      for (const step of [-1n, 0n, 1n]) texts.push(`${exact + step}e-${scale}`);
    }
    readsExactly(texts);
  });

  test("up to twenty digits on either side of the point", () => {
    const random = new Random(6);
    const digits = (count: number): string => Array.from({ length: count }, () => random.below(10)).join("");
    const texts: string[] = [];
    for (let i = 0; i < 100_000; i++) {
      const whole = random.chance(0.5) ? "0" : `${1 + random.below(9)}${digits(random.below(19))}`;
      const sign = random.chance(0.3) ? "-" : "";
      // Runs of one layout, which are read another way than the first of them.
      const places = 1 + random.below(20);
      for (let run = 1 + random.below(4); run > 0; run--) texts.push(`${sign}${whole}.${digits(places)}`);
    }
    readsExactly(texts);
  });

  test("midpoints of two floats, and decimals next to them, in up to nineteen digits", () => {
    const random = new Random(7);
    const texts: string[] = [];
    for (let i = 0; i < 60_000; i++) {
      const places = 1 + random.below(12);
      const half = BigInt(2 ** 24 + random.below(2 ** 24)) * 2n + 1n;
      const tie = half * 5n ** BigInt(places);
      const more = 19 - String(tie).length;
      for (const step of [-1n, 0n, 1n]) {
        const scaled = String(tie * 10n ** BigInt(more) + step).padStart(places + more + 1, "0");
        const point = scaled.length - places - more;
        texts.push(`${scaled.slice(0, point)}.${scaled.slice(point)}`);
      }
    }
    readsExactly(texts);
  });

  test("the ends of the range, subnormals, and up to forty digits", () => {
    const random = new Random(4);
    const texts = [
      "4.9406564584124654e-324",
      "2.4703282292062327e-324",
      "2.4703282292062328e-324",
      "2.2250738585072011e-308",
      "2.2250738585072014e-308",
      "1.7976931348623157e308",
      "1.7976931348623158e308",
      "0.1e-1000000",
      "9007199254740993",
      "9007199254740992.999999999999999999",
      "9007199254740993.000000000000000001",
      "3.4028235677973366e38",
      "3.4028235677973365e38",
      "1.401298464324817e-45",
      "7.00649232162408535e-46",
      "18446744073709551615",
      "18446744073709551616",
      "0.00000000000000000000000000000000000001",
      "-0.0",
      "1e23",
      "8.5e22",
      "123456789012345678901234567890e-30",
    ];
    for (let i = 0; i < 40_000; i++) {
      const digits = Array.from({ length: 1 + random.below(40) }, () => random.below(10)).join("");
      texts.push(`${random.below(10)}.${digits}e${random.below(640) - 332}`);
    }
    readsExactly(texts.filter((text) => Number.isFinite(Number(text))));
  });
});

function writtenBy(values: Floats): string[] {
  const dtype = dtypeNamed(values instanceof Float32Array ? "float" : "double");
  const tensor = packedTensor(dtype, [values.length], memoryOf(values));
  const out = new ByteBuffer();
  expect(writeNumbers(out, tensor, 0, tensor.shape, listLayout(1, 1, true).between, false)).toBe(true);
  return textOf(out.finish()).split(", ");
}

/** As the writer in JavaScript does, and so that it can be read back. */
function writesExactly(values: Floats): void {
  const texts = writtenBy(values);
  const out = new ByteBuffer();
  const want = Array.from(values, (value) => {
    out.length = 0;
    writeFloat(out, value, values instanceof Float32Array ? 32 : 64, false);
    return Buffer.from(out.finish()).toString("latin1");
  });
  expect(firstDifference(texts, want, texts)).toBeUndefined();
  const read = readBack(texts, values instanceof Float32Array ? "float" : "double");
  expect(firstDifference(read, values, texts)).toBeUndefined();
}

describe("every number is written as C would, and reads back the same", () => {
  const random = new Random(5);
  for (const [name, make] of [
    ["below one", () => random.unit()],
    ["of few digits", () => Number((random.unit() * 2000 - 1000).toFixed(random.below(5)))],
    ["whole", () => Math.floor(random.unit() * 2 ** random.below(63))],
    ["of few bits, so that ties are frequent", () => random.below(2 ** 25) * 2 ** (random.below(120) - 70)],
    [
      "around powers of ten",
      () => 10 ** (random.below(70) - 38) * (1 + (random.below(5) - 2) * 2 ** -random.below(53)),
    ],
  ] as const) {
    test(name, () => {
      writesExactly(filled(new Float32Array(COUNT / 5), make));
      writesExactly(filled(new Float64Array(COUNT / 5), make));
    });
  }

  test("of any bits", () => {
    writesExactly(anyBits(new Float32Array(COUNT), random));
    writesExactly(anyBits(new Float64Array(COUNT), random));
  });

  test("subnormal floats, and doubles whose power of ten is beyond the table", () => {
    const floats = new Float32Array(COUNT / 5);
    const bits = new Uint32Array(floats.buffer);
    for (let i = 0; i < bits.length; i++) bits[i] = 2 ** (random.unit() * 23);
    writesExactly(floats);
    writesExactly(filled(new Float64Array(2000), () => random.unit() * 10 ** -(290 + random.below(34))));
  });
});
