import { describe, expect, test } from "vitest";
import {
  decodeExamples,
  decodeExamplesRequest,
  decodePredictRequest,
  type PackedTensor,
  parseRequestBody,
} from "../../tensor/index.ts";
import { bytesOf, decode, failureOf, times } from "./json/support.ts";

const STRINGS = 2 ** 21;
const TOO_MANY = "INVALID_ARGUMENT: the request holds too many strings or examples";

function repeated(count: number, unit: readonly number[]): Uint8Array {
  return new Uint8Array(Buffer.alloc(count * unit.length, Buffer.from(unit)));
}

/** A field of type LEN whose content is longer than 16 kB. */
function field(number: number, content: Uint8Array): Buffer {
  const { length } = content;
  const prefix = [
    number * 8 + 2,
    (length & 0x7f) | 0x80,
    ((length >> 7) & 0x7f) | 0x80,
    ((length >> 14) & 0x7f) | 0x80,
  ];
  return Buffer.concat([Buffer.from([...prefix, length >> 21]), content]);
}

function listOf(count: number): string {
  return `{"inputs": [${'"",'.repeat(count - 1)}""]}`;
}

/** A tiny unit on the wire becomes an object in memory: what comes by the million is refused before it is held. */
describe("too many", () => {
  test("strings of a JSON tensor", () => {
    expect(decode(listOf(1000), { x: "string" }).inputs.get("x")?.shape).toEqual([1000]);
    expect(failureOf(() => decode(listOf(STRINGS + 1), { x: "string" }))).toBe(TOO_MANY);
  });

  test("JSON examples", () => {
    const body = bytesOf(`{"examples": [${"{},".repeat(STRINGS / 8)}{}]}`);
    expect(failureOf(() => decodeExamples(parseRequestBody(body)))).toBe(TOO_MANY);
  });

  test("strings of JSON features", () => {
    const body = bytesOf(`{"examples": [{"x": [${'"",'.repeat(STRINGS)}""]}]}`);
    expect(failureOf(() => decodeExamples(parseRequestBody(body)))).toBe(TOO_MANY);
  });

  test("examples of a message", () => {
    const request = field(2, field(1, repeated(STRINGS + 1, [0x0a, 0])));
    expect(failureOf(() => decodeExamplesRequest(request))).toBe(TOO_MANY);
  });

  test("strings of several tensors together", () => {
    // dtype: string, shape [2^20 + 1]; no values stand for empty strings.
    const tensor = [0x08, 7, 0x12, 6, 0x12, 4, 0x08, 0x81, 0x80, 0x40];
    const input = (name: string): number[] => [0x12, 15, 0x0a, 1, name.charCodeAt(0), 0x12, tensor.length, ...tensor];
    const { inputs } = decodePredictRequest(Uint8Array.from([...input("a"), ...input("b")]));
    expect(inputs.get("a")?.().shape).toEqual([2 ** 20 + 1]);
    expect(failureOf(() => inputs.get("b")?.())).toBe(
      "INVALID_ARGUMENT: tensor parsing error: b: the request holds too many strings or examples",
    );
  });

  test("names", () => {
    const request = Uint8Array.from(times(2 ** 16 + 2, [0x1a, 0]).flat());
    expect(failureOf(() => decodePredictRequest(request))).toBe(
      "INVALID_ARGUMENT: a request may hold 65536 inputs or outputs at most",
    );
  });
});

for (const [dtype, values] of [
  ["int32", Int32Array],
  ["double", Float64Array],
] as const) {
  test(`a list of many ${dtype}s is kept in its own width and in its order`, () => {
    const count = 200_001;
    const { inputs } = decode(`{"instances": [${Array.from({ length: count }, (_, i) => i).join()}]}`, { x: dtype });
    const { shape, data } = inputs.get("x") as PackedTensor;
    expect(shape).toEqual([count]);
    expect(new values(data.slice().buffer).every((value, i) => value === i)).toBe(true);
  });
}
