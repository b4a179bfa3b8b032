import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, byteLengthOf, joined, modelName, piecesOf, version } from "../../../core/index.ts";
import {
  decodePredictRequest,
  dtypeNamed,
  encodePredictRequest,
  encodePredictRequestPieces,
  packedTensor,
  type RequestMethod,
  requestSpec,
  rewriteRequestSpec,
  stringTensor,
  type Tensor,
} from "../../../tensor/index.ts";
import { MESSAGES, TENSORS, unbase64 } from "./wire-data.ts";

/** A message is the same in pieces, wherever it is cut: what is read of it, what is made of it, and why it is refused. */

const CHANGE = { version: version(77), name: modelName("another") };
const METHODS: readonly RequestMethod[] = ["Predict", "MultiInference"];

function told(read: () => unknown): unknown {
  try {
    return read();
  } catch (thrown) {
    const { code, message } = thrown as { code?: string; message: string };
    return `${code}: ${message}`;
  }
}

function plain(tensor: Tensor): unknown {
  const values = tensor.kind === "packed" ? [tensor.data] : tensor.values;
  return [tensor.dtype.name, tensor.shape, values.map((bytes) => Buffer.from(bytes).toString("latin1"))];
}

function everythingOf(message: Bytes): unknown {
  return {
    request: told(() => {
      const { spec, inputs, outputFilter } = decodePredictRequest(message);
      return { spec, inputs: Array.from(inputs, ([name, read]) => [name, told(() => plain(read()))]), outputFilter };
    }),
    specs: METHODS.map((method) => told(() => requestSpec(method, message))),
    rewritten: METHODS.map((method) =>
      told(() => Buffer.from(joined(rewriteRequestSpec(method, message, CHANGE))).toString("latin1")),
    ),
  };
}

/** A field of type LEN with a number below 16. */
function field(number: number, ...parts: (readonly number[] | string)[]): number[] {
  const content = parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part)] : part));
  return [number * 8 + 2, content.length, ...content];
}

const FLOATS = [...new Uint8Array(Float32Array.of(1.5, -2, 3).buffer)];
const SHAPE = field(2, field(2, [8, 3]));
const TENSOR = [8, 1, ...SHAPE, ...field(4, FLOATS)];
const SPEC = field(1, field(1, "m"), field(4, "canary"), field(3, "sig"));
const INPUT = field(2, field(1, "x"), field(2, TENSOR));

const CASES: Readonly<Record<string, readonly number[]>> = {
  "the spec first": [...SPEC, ...INPUT, ...field(3, "y")],
  "the spec at the end": [...INPUT, ...SPEC],
  "the spec in two parts, around the input": [...field(1, field(1, "m")), ...INPUT, ...field(1, field(2, [8, 9]))],
  "no spec": INPUT,
  "numbers in a typed field": [...SPEC, ...field(2, field(1, "x"), field(2, [8, 1], SHAPE, field(5, FLOATS)))],
  "content before type and shape": [...field(2, field(2, field(4, FLOATS), SHAPE, [8, 1]), field(1, "x")), ...SPEC],
  "content twice, of which the last counts": [
    ...SPEC,
    ...field(2, field(1, "x"), field(2, field(4, [1, 2]), [8, 1], SHAPE, field(4, FLOATS))),
  ],
  "a tensor in two parts, which are merged": [
    ...SPEC,
    ...field(2, field(1, "x"), field(2, [8, 1], SHAPE), field(2, field(4, FLOATS))),
  ],
  "strings as content": [...SPEC, ...field(2, field(1, "x"), field(2, [8, 7], SHAPE, field(4, [1, 0, 2], "abc")))],
  "too short a content": [...SPEC, ...field(2, field(1, "x"), field(2, [8, 1], SHAPE, field(4, FLOATS.slice(1))))],
  "unknown fields and groups between": [0x9d, 0x06, 1, 2, 3, 4, ...SPEC, 0x7b, ...INPUT, 0x7c, 0x78, 5, ...INPUT],
  "a group that is not closed": [...SPEC, 0x7b, ...INPUT],
  "a length beyond the end": [...SPEC, 0x12, 0x7f, 1],
  "a number without an end": [...SPEC, 0x78, ...Array.from({ length: 12 }, () => 0xff)],
};

describe("cut at every byte, and into single bytes:", () => {
  for (const [name, numbers] of Object.entries(CASES)) {
    test(name, () => {
      const message = Uint8Array.from(numbers);
      const want = everythingOf(message);
      for (let at = 0; at <= message.length; at++) {
        expect(everythingOf([message.subarray(0, at), message.subarray(at)]), `at ${at}`).toEqual(want);
      }
      expect(everythingOf(Array.from(message, (byte) => Uint8Array.of(byte)))).toEqual(want);
    });
  }
});

const SAMPLES = [
  ...Object.values(CASES),
  ...MESSAGES.map(({ b64 }) => unbase64(b64)),
  ...TENSORS.map(({ proto_b64 }) => [...SPEC, ...entryOf(unbase64(proto_b64))]),
].map((numbers) => Uint8Array.from(numbers));

/** An input of any length. */
function entryOf(tensor: Uint8Array): Uint8Array {
  const lengths = [tensor.length, tensor.length + 6].map((length) => [(length & 0x7f) | 0x80, length >>> 7]);
  return Uint8Array.from([0x12, ...(lengths[1] ?? []), 0x0a, 1, 0x78, 0x12, ...(lengths[0] ?? []), ...tensor]);
}

const cuts = fc.array(fc.nat(), { maxLength: 6 });

function cutAt(message: Uint8Array, places: readonly number[]): Bytes {
  const at = places.map((place) => place % (message.length + 1)).toSorted((a, b) => a - b);
  return [0, ...at].map((from, i) => message.subarray(from, at[i] ?? message.length));
}

test("messages of all kinds, whole and damaged, cut anywhere", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...SAMPLES),
      fc.option(fc.tuple(fc.nat(), fc.nat(255))),
      cuts,
      (sample, damage, places) => {
        const message = Uint8Array.from(sample);
        if (damage !== null && message.length > 0) message[damage[0] % message.length] = damage[1];
        expect(everythingOf(cutAt(message, places))).toEqual(everythingOf(message));
      },
    ),
    { numRuns: 4000 },
  );
});

test("what only passes through is not copied", () => {
  const x = packedTensor(dtypeNamed("float"), [50_000], new Uint8Array(200_000).fill(7));
  const spec = { name: modelName("m"), choice: { by: "latest" }, signature: "" } as const;
  const message = encodePredictRequest({ spec, inputs: new Map([["x", x]]), outputFilter: [] }, "content");
  const pieces = [message.slice(0, 3), message.slice(3, 90_000), message.slice(90_000)];
  const memory = new Set<ArrayBufferLike>(pieces.map(({ buffer }) => buffer));
  for (const made of rewriteRequestSpec("Predict", pieces, CHANGE)) {
    if (!memory.has(made.buffer)) expect(made.length).toBeLessThan(100);
  }
  const tensor = decodePredictRequest(pieces).inputs.get("x")?.();
  const lies = tensor?.kind === "packed" ? (tensor.pieces ?? []) : [];
  expect(lies.length).toBe(2);
  for (const { buffer } of lies) expect(memory.has(buffer)).toBe(true);
  expect(tensor?.kind === "packed" && Buffer.compare(tensor.data, x.data)).toBe(0);
});

function bytesOf(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => i * 7);
}

function uint8(...parts: readonly Uint8Array[]): Tensor {
  return packedTensor(dtypeNamed("uint8"), [byteLengthOf(parts)], parts);
}

describe("a request that is written in pieces", () => {
  const spec = { name: modelName("m"), choice: { by: "version", version: version(7) }, signature: "s" } as const;
  const long = bytesOf(100_000);
  for (const [name, tensors] of [
    ["of nothing", []],
    ["of a short tensor", [uint8(bytesOf(12))]],
    ["of an empty one", [uint8()]],
    ["of a long one", [uint8(long)]],
    ["of a long one between short ones", [uint8(bytesOf(300)), uint8(long), uint8(bytesOf(3))]],
    ["of one that is in pieces itself, long ones and short ones", [uint8(long, bytesOf(5), bytesOf(50_000), long)]],
    ["of strings", [stringTensor([2], [bytesOf(3), long])]],
  ] as const) {
    test(name, () => {
      const inputs = new Map(tensors.map((tensor, i) => [`x${i}`, tensor]));
      const request = { spec, inputs, outputFilter: ["y", "z".repeat(300)] };
      const message = encodePredictRequestPieces(request);
      expect(Buffer.compare(joined(message), encodePredictRequest(request, "content"))).toBe(0);
    });
  }

  test("has long memory as it is, and nothing of it twice", () => {
    const inputs = new Map([["x", uint8(long, bytesOf(5), long)]]);
    const pieces = piecesOf(encodePredictRequestPieces({ spec, inputs, outputFilter: [] }));
    expect(pieces.map((piece) => piece === long)).toEqual([false, true, false, true]);
  });
});
