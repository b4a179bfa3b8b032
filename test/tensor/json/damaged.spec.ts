import * as fc from "fast-check";
import { expect, test } from "vitest";
import { InferenceError } from "../../../core/index.ts";
import {
  type DTypeName,
  decodeExamples,
  decodePredictInputs,
  type PackedTensor,
  parseRequestBody,
} from "../../../tensor/index.ts";
import { bytesOf, signature } from "./support.ts";

const SIGNATURES = (
  [
    { x: "float" },
    { x: "int64" },
    { x: "string" },
    { x: "bool" },
    { x: "complex64" },
    { a: "float", b: "string" },
  ] as Record<string, DTypeName>[]
).map(signature);

const SAMPLES = [
  '{"instances": [[1.5, -2e-3], [3, 4]]}',
  '{"instances": [{"a": [1, 2], "b": "x"}, {"a": [3, 4], "b": {"b64": "aGk="}}]}',
  '{"inputs": {"x": [[true, false]], "a": null, "b": "\\ud83d\\ude00"}}',
  '{"signature_name": "s", "context": {"q": 1}, "examples": [{"x": [1.0, NaN], "y": "z"}, {"x": [true, 2]}]}',
].map(bytesOf);

function refused(run: () => unknown): void {
  try {
    run();
  } catch (thrown) {
    if (!(thrown instanceof InferenceError)) throw thrown;
  }
}

/** All that a body can be asked for: it is read or refused. */
function survives(body: Uint8Array): void {
  refused(() => {
    const parsed = parseRequestBody(body);
    for (const one of SIGNATURES) refused(() => decodePredictInputs(parsed, one));
    refused(() => decodeExamples(parsed));
  });
}

test("random bytes and damaged bodies are read or refused", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), survives), { numRuns: 2000 });
  const damaged = fc
    .tuple(
      fc.constantFrom(...SAMPLES),
      fc.nat(),
      fc.constantFrom(...bytesOf('{}[]",:0123456789-.eE\\utrfalsn \0'), 0xff),
      fc.constantFrom(0, 1, 2),
    )
    .map(([sample, where, byte, drop]) => {
      const at = where % sample.length;
      return Uint8Array.from([...sample.slice(0, at), byte, ...sample.slice(at + drop)]);
    });
  fc.assert(fc.property(damaged, survives), { numRuns: 6000 });
  const cut = fc
    .tuple(fc.constantFrom(...SAMPLES), fc.nat())
    .map(([sample, at]) => sample.slice(0, at % sample.length));
  fc.assert(fc.property(cut, survives), { numRuns: 500 });
});

/** `inputs` with the wanted member, then whatever JSON there is: nothing of it disturbs the reading. */
test("any JSON is stepped over", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.boolean(), (json, pretty) => {
      const other = pretty ? JSON.stringify(JSON.parse(json), null, 2) : json;
      const body = bytesOf(`{"other": ${other}, "inputs": {"y": ${other}, "x": [1, 2]}, "more": ${other}}`);
      const { inputs } = decodePredictInputs(parseRequestBody(body), signature({ x: "uint8" }));
      expect(inputs.get("x")).toMatchObject({ shape: [2], data: Uint8Array.of(1, 2) });
    }),
    { numRuns: 500 },
  );
});

test("the same numbers come out as from the runtime's own parser, whatever their nesting", () => {
  const matrix = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 4 })).chain(([rows, columns]) =>
    fc.array(
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: columns, maxLength: columns }),
      {
        minLength: rows,
        maxLength: rows,
      },
    ),
  );
  fc.assert(
    fc.property(matrix, fc.constantFrom(undefined, 2), (values, indent) => {
      const body = bytesOf(JSON.stringify({ instances: values }, null, indent));
      const { inputs } = decodePredictInputs(parseRequestBody(body), signature({ x: "double" }));
      const tensor = inputs.get("x") as PackedTensor;
      expect(tensor.shape).toEqual([values.length, values[0]?.length]);
      const got = [...new Float64Array(tensor.data.slice().buffer)];
      // JSON.stringify writes -0 as 0.
      expect(got).toEqual(values.flat().map((value) => value + 0));
    }),
    { numRuns: 500 },
  );
});
