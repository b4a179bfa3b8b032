import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InferenceError } from "../../../core/index.ts";
import * as tensor from "../../../tensor/index.ts";
import { failureOf, times } from "../json/support.ts";
import { MESSAGES, TENSORS, unbase64, whole } from "./wire-data.ts";

const METHODS = ["Predict", "MultiInference", "GetModelMetadata"] as const;
const READERS: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  decodeTensor: tensor.decodeTensor,
  decodePredictRequest: (bytes) => whole(tensor.decodePredictRequest(bytes)),
  decodePredictResponse: tensor.decodePredictResponse,
  decodeExamplesRequest: tensor.decodeExamplesRequest,
  decodeClassificationResponse: tensor.decodeClassificationResponse,
  decodeRegressionResponse: tensor.decodeRegressionResponse,
  decodeMultiInferenceRequest: tensor.decodeMultiInferenceRequest,
  decodeMultiInferenceResponse: tensor.decodeMultiInferenceResponse,
  parseSignatureDefMap: tensor.parseSignatureDefMap,
  signatureDefMapOf: tensor.signatureDefMapOf,
  restoresVariables: tensor.restoresVariables,
  requestSpec: (bytes) => METHODS.map((method) => tensor.requestSpec(method, bytes)),
  rewriteRequestSpec: (bytes) =>
    METHODS.map((method) => tensor.rewriteRequestSpec(method, bytes, { version: 1n as never })),
};

/** Whatever it is made of, it is read or refused. */
function survives(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  try {
    read(bytes);
  } catch (thrown) {
    if (!(thrown instanceof InferenceError)) throw thrown;
  }
}

const SAMPLES = [...TENSORS.map(({ proto_b64 }) => proto_b64), ...MESSAGES.map(({ b64 }) => b64)].map(unbase64);
/** A good message with a byte changed, or cut short, or something put in. */
const damaged = fc
  .tuple(
    fc.constantFrom(...SAMPLES),
    fc.nat(),
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom("change", "cut", "insert"),
  )
  .map(([sample, where, byte, how]) => {
    const at = sample.length === 0 ? 0 : where % sample.length;
    if (how === "cut") return sample.slice(0, at);
    const rest = sample.slice(how === "change" ? at + 1 : at);
    return Uint8Array.from([...sample.slice(0, at), byte, ...rest]);
  });

for (const [name, read] of Object.entries(READERS)) {
  test(`${name} fails in no other way on random and damaged bytes`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => survives(read, bytes)),
      { numRuns: 1500 },
    );
    fc.assert(
      fc.property(damaged, (bytes) => survives(read, bytes)),
      { numRuns: 2500 },
    );
  });
}

const group = 0x0b;
const endGroup = 0x0c;

describe("refuses with INVALID_ARGUMENT", () => {
  for (const { name, bytes, want } of [
    { name: "a tag that is cut off", bytes: [0x8a], want: "truncated" },
    { name: "a length beyond the end", bytes: [0x0a, 5, 1], want: "truncated" },
    { name: "a length of 2^63", bytes: [0x0a, ...times(9, 0x80), 1], want: "truncated" },
    { name: "a fixed32 that is cut off", bytes: [0x0d, 1, 2], want: "truncated" },
    { name: "a fixed64 that is cut off", bytes: [0x09, 1, 2, 3, 4], want: "truncated" },
    { name: "wire type 6", bytes: [0x0e], want: "wire type 6 does not exist" },
    { name: "wire type 7", bytes: [0x0f], want: "wire type 7 does not exist" },
    { name: "field 0", bytes: [0x02, 0], want: "a field has the number 0" },
    {
      name: "a field number of more than 32 bits",
      bytes: [0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
      want: "a field number is too big",
    },
    {
      name: "a varint of eleven bytes",
      bytes: [0x10, ...times(10, 0x80), 1],
      want: "a varint is longer than ten bytes",
    },
    { name: "an end without a group", bytes: [endGroup], want: "a group ends that was not opened" },
    { name: "a group without an end", bytes: [group], want: "a group is not closed" },
    { name: "a group closed by another's end", bytes: [group, 0x14], want: "a group is closed by another's end" },
    {
      name: "a million groups in one another",
      bytes: times(1_000_000, group),
      want: "groups are nested too deeply",
    },
    { name: "a model name that is not UTF-8", bytes: [0x0a, 3, 0x0a, 1, 0xff], want: "a string is not UTF-8" },
  ]) {
    test(name, () => {
      const message = failureOf(() => tensor.decodePredictRequest(Uint8Array.from(bytes)));
      expect(message).toBe(`INVALID_ARGUMENT: malformed protobuf message: ${want}`);
    });
  }

  test("a tensor, by its alias, once it is asked for", () => {
    // inputs { key: "x" value { dtype: 99 } }
    const bytes = Uint8Array.of(0x12, 7, 0x0a, 1, 0x78, 0x12, 2, 8, 99);
    const { inputs } = tensor.decodePredictRequest(bytes);
    const want = "INVALID_ARGUMENT: tensor parsing error: x: there is no tensor type 99";
    for (const _again of [1, 2]) expect(failureOf(() => inputs.get("x")?.())).toBe(want);
  });
});

test("reads past closed groups and unknown fields", () => {
  const bytes = Uint8Array.of(group, 0x13, 0x14, 0x18, 1, endGroup, 0x78, 1, 0x0a, 3, 0x0a, 1, 0x6d);
  expect(tensor.decodePredictRequest(bytes).spec?.name).toBe("m");
});

test("an answer that cannot be read is the worker's fault", () => {
  try {
    tensor.decodePredictResponse(Uint8Array.of(0x0e));
    expect.unreachable();
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: "INTERNAL", origin: "worker" });
  }
});
