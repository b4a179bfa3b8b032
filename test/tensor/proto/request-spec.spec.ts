import { describe, expect, test } from "vitest";
import { joined, modelName, version } from "../../../core/index.ts";
import {
  decodeMultiInferenceRequest,
  decodePredictRequest,
  encodeMultiInferenceRequest,
  type RequestMethod,
  requestSpec,
  rewriteRequestSpec,
} from "../../../tensor/index.ts";
import { failureOf, times } from "../json/support.ts";
import { MESSAGES, unbase64, whole } from "./wire-data.ts";

const METHODS: Readonly<Record<string, RequestMethod>> = {
  PredictRequest: "Predict",
  ClassificationRequest: "Classify",
  RegressionRequest: "Regress",
  GetModelMetadataRequest: "GetModelMetadata",
  GetModelStatusRequest: "GetModelStatus",
};

function bytes(...parts: (number[] | string)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part)] : part)));
}

/** A field of type LEN with a number below 16. */
function field(number: number, ...parts: (number[] | string)[]): number[] {
  const content = bytes(...parts);
  return [number * 8 + 2, content.length, ...content];
}

/** In one piece, as a plain array of bytes. */
function rewritten(...args: Parameters<typeof rewriteRequestSpec>): Uint8Array {
  return Uint8Array.from(joined(rewriteRequestSpec(...args)));
}

const LABELLED = field(1, field(1, "m"), field(3, "sig"), field(4, "canary"));
const UNKNOWN_IN_SPEC = [0x78, 0x05];
const UNKNOWN = [0x9d, 0x06, 1, 2, 3, 4];

describe("rewriting", () => {
  for (const { name, kind, b64 } of MESSAGES) {
    const method = METHODS[kind];
    if (method === undefined) continue;
    test(`${name}: only version and label change`, () => {
      const original = unbase64(b64);
      const spec = requestSpec(method, original);
      const changed = rewritten(method, original, { version: version(77) });
      const want = spec && { ...spec, choice: { by: "version", version: 77n } };
      expect(requestSpec(method, changed)).toEqual(want);
      if (spec === undefined) expect(changed).toEqual(original);
      // Put back as it was, the other bytes are found where they were.
      if (method === "Predict") {
        expect(whole(decodePredictRequest(changed))).toEqual({ ...whole(decodePredictRequest(original)), spec: want });
      }
    });
  }

  test("unknown fields stay, within the spec and beside it", () => {
    const request = bytes(
      field(1, field(1, "m"), field(4, "canary"), UNKNOWN_IN_SPEC),
      UNKNOWN,
      field(2, "left alone"),
    );
    const changed = rewritten("Predict", request, { version: version(3) });
    expect(changed).toEqual(
      bytes(field(1, field(1, "m"), UNKNOWN_IN_SPEC, field(2, [8, 3])), UNKNOWN, field(2, "left alone")),
    );
  });

  test("another name takes the old one's place", () => {
    const changed = rewritten("Classify", bytes(LABELLED), { name: modelName("模型"), version: version(0) });
    expect(requestSpec("Classify", changed)).toEqual({
      name: "模型",
      choice: { by: "version", version: 0n },
      signature: "sig",
    });
  });

  test("of several occurrences of the spec all lose their choice and the last one gets the new", () => {
    const request = bytes(LABELLED, field(3, "y"), field(1, field(2, [8, 9])));
    const changed = rewritten("Predict", request, { version: version(3) });
    expect(changed).toEqual(bytes(field(1, field(1, "m"), field(3, "sig")), field(3, "y"), field(1, field(2, [8, 3]))));
  });

  test("every task of a MultiInference is changed, the examples are not", () => {
    const request = {
      tasks: [
        { spec: { name: modelName("m"), choice: { by: "label", label: "canary" }, signature: "a" }, methodName: "r" },
        { spec: { name: modelName("m"), choice: { by: "latest" }, signature: "b" }, methodName: "c" },
      ],
      input: { examples: [bytes("one"), bytes("two")], context: bytes("all") },
    } as const;
    const changed = rewritten("MultiInference", encodeMultiInferenceRequest(request), { version: version(5) });
    const choice = { by: "version", version: 5n };
    expect(decodeMultiInferenceRequest(changed)).toEqual({
      tasks: request.tasks.map((task) => ({ ...task, spec: { ...task.spec, choice } })),
      input: request.input,
    });
  });

  /** Each would be copied one by one: a few megabytes of them held everybody up for seconds. */
  test("a request of too many specs is refused", () => {
    const request = Uint8Array.from(times(2 ** 16 + 2, [0x0a, 0]).flat());
    for (const method of ["Predict", "MultiInference"] as const) {
      expect(failureOf(() => rewriteRequestSpec(method, request, { version: version(5) }))).toBe(
        "INVALID_ARGUMENT: a request may hold 65536 model specs at most",
      );
    }
  });
});

describe("scanning", () => {
  for (const { name, request, want } of [
    { name: "no spec", request: bytes(field(2, "x")), want: undefined },
    { name: "an empty spec", request: bytes(field(1)), want: { name: "", choice: { by: "latest" }, signature: "" } },
    {
      name: "a repeated field: the last wins",
      request: bytes(field(1, field(1, "a"), field(1, "b"))),
      want: { name: "b", choice: { by: "latest" }, signature: "" },
    },
    {
      name: "a repeated spec: merged",
      request: bytes(LABELLED, field(1, field(1, "other"))),
      want: { name: "other", choice: { by: "label", label: "canary" }, signature: "sig" },
    },
    {
      name: "a label after a version: members of one oneof",
      request: bytes(field(1, field(2, [8, 9]), field(4, "canary"))),
      want: { name: "", choice: { by: "label", label: "canary" }, signature: "" },
    },
    {
      name: "a version after a label",
      request: bytes(field(1, field(4, "canary"), field(2))),
      want: { name: "", choice: { by: "version", version: 0n }, signature: "" },
    },
    {
      name: "a version in two parts: wrappers merge too",
      request: bytes(field(1, field(2, [8, 9]), field(2))),
      want: { name: "", choice: { by: "version", version: 9n }, signature: "" },
    },
    {
      name: "a field of the spec with another wire type: unknown",
      request: bytes(field(1, [8, 1], field(1, "m"))),
      want: { name: "m", choice: { by: "latest" }, signature: "" },
    },
  ]) {
    test(name, () => expect(requestSpec("Predict", request)).toEqual(want));
  }
});
