import * as fc from "fast-check";
import { expect, test } from "vitest";
import { version } from "../../../core/index.ts";
import {
  type DTypeName,
  decodePredictRequest,
  decodePredictResponse,
  decodeTensor,
  dtypeNamed,
  elementCount,
  encodePredictRequest,
  encodePredictResponse,
  encodeTensor,
  packedTensor,
  stringTensor,
  type Tensor,
} from "../../../tensor/index.ts";
import { whole } from "./wire-data.ts";

const NAMES: readonly DTypeName[] = [
  "float",
  "double",
  "half",
  "bfloat16",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "complex64",
  "complex128",
  "qint8",
  "quint8",
  "qint16",
  "quint16",
  "qint32",
  "float8_e5m2",
  "float8_e4m3fn",
];

const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
const numbers: fc.Arbitrary<Tensor> = fc.tuple(fc.constantFrom(...NAMES), shape).chain(([name, sizes]) => {
  const dtype = dtypeNamed(name);
  const length = elementCount(sizes) * dtype.itemBytes;
  return fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((data) => packedTensor(dtype, sizes, Uint8Array.from(data)));
});
const strings: fc.Arbitrary<Tensor> = shape.chain((sizes) => {
  const length = elementCount(sizes);
  return fc
    .array(fc.uint8Array({ maxLength: 200 }), { minLength: length, maxLength: length })
    .map((values) => stringTensor(sizes, values));
});
const tensors = fc.oneof(numbers, strings);
const maps = fc
  .array(fc.tuple(fc.string({ unit: "binary" }), tensors), { maxLength: 4 })
  .map((entries) => new Map(entries));
const forms = fc.constantFrom("typed" as const, "content" as const);

/** Views of messages become plain arrays, so that they compare by what they hold. */
function plain(tensor: Tensor): unknown {
  const { dtype, shape: sizes } = tensor;
  const held = tensor.kind === "string" ? tensor.values.map((value) => [...value]) : [...tensor.data];
  return { name: dtype.name, sizes, held };
}

function plainMap(map: ReadonlyMap<string, Tensor>): unknown {
  return [...map].map(([name, tensor]) => [name, plain(tensor)]);
}

test("a tensor comes back from either form bit for bit", () => {
  fc.assert(
    fc.property(tensors, forms, (tensor, form) => {
      expect(plain(decodeTensor(encodeTensor(tensor, { form })))).toEqual(plain(tensor));
    }),
    { numRuns: 1000 },
  );
});

test("integers at every length of a varint take just that length", () => {
  const values = Array.from({ length: 63 }, (_, bits) => [2n ** BigInt(bits) - 1n, 2n ** BigInt(bits)]).flat();
  for (const value of [...values, -1n, -(2n ** 63n)]) {
    const tensor = packedTensor(dtypeNamed("int64"), [], new Uint8Array(BigInt64Array.of(value).buffer));
    const bytes = encodeTensor(tensor, { form: "typed" });
    // dtype, shape, tag and length of the packed field, then the varint.
    const bits = BigInt.asUintN(64, value).toString(2).length;
    expect(bytes.length, String(value)).toBe(2 + 2 + 2 + Math.ceil(bits / 7));
    expect(plain(decodeTensor(bytes))).toEqual(plain(tensor));
  }
});

test("a predict request comes back", () => {
  const specs = fc.record({
    name: fc.string({ unit: "binary" }),
    signature: fc.string(),
    choice: fc.oneof(
      fc.constant({ by: "latest" as const }),
      fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((value) => ({ by: "version" as const, version: version(value) })),
      fc.string({ unit: "binary" }).map((label) => ({ by: "label" as const, label })),
    ),
  });
  fc.assert(
    fc.property(specs, maps, fc.array(fc.string()), forms, (spec, inputs, outputFilter, form) => {
      const request = { spec: spec as never, inputs, outputFilter };
      const back = whole(decodePredictRequest(encodePredictRequest(request, form)));
      expect(back.spec).toEqual(spec);
      expect(back.outputFilter).toEqual(outputFilter);
      expect(plainMap(back.inputs)).toEqual(plainMap(inputs));
    }),
    { numRuns: 300 },
  );
});

test("a predict response comes back", () => {
  const spec = { name: "m" as never, version: version(2n ** 62n), signature: "s" };
  fc.assert(
    fc.property(maps, forms, (outputs, form) => {
      const back = decodePredictResponse(encodePredictResponse(spec, outputs, form));
      expect(back.spec).toEqual(spec);
      expect(plainMap(back.outputs)).toEqual(plainMap(outputs));
    }),
    { numRuns: 300 },
  );
});
