import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodePredictRequest,
  decodePredictResponse,
  decodeTensor,
  encodePredictRequest,
  encodeTensor,
  type Tensor,
} from "../../tensor/index.ts";
import { type Sample, samples, type } from "./protobufjs-tensor.ts";

const tensorProto = type("tensorflow.TensorProto");
const predictRequest = type("tensorflow.serving.PredictRequest");
const predictResponse = type("tensorflow.serving.PredictResponse");

function written(by: typeof tensorProto, message: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(by.encode(by.fromObject(message)).finish());
}

/** dtype, shape and each element's bytes in hex. */
function held({ dtype, shape, ...rest }: Tensor): unknown {
  const elements =
    "values" in rest
      ? rest.values.map((value) => Buffer.from(value).toString("hex"))
      : Array.from({ length: rest.data.length / dtype.itemBytes }, (_, i) =>
          Buffer.from(rest.data.subarray(i * dtype.itemBytes, (i + 1) * dtype.itemBytes)).toString("hex"),
        );
  return { dtype: dtype.name, shape, elements };
}

function wanted({ dtype, shape, elements }: Sample): unknown {
  return { dtype, shape, elements };
}

test("any tensor that protobufjs writes is read as TensorFlow would", () => {
  fc.assert(
    fc.property(samples, (sample) => {
      expect(held(decodeTensor(written(tensorProto, sample.proto)))).toEqual(wanted(sample));
    }),
    { numRuns: 3000 },
  );
});

test("any tensor is written as protobufjs reads it, in both forms", () => {
  fc.assert(
    fc.property(samples, (sample) => {
      const tensor = decodeTensor(written(tensorProto, sample.proto));
      const typed = tensorProto.decode(encodeTensor(tensor, { form: "typed" }));
      // Whatever form it came in, protobufjs writes the same message again, and all values are there.
      expect(held(decodeTensor(Buffer.from(tensorProto.encode(typed).finish())))).toEqual(wanted(sample));
      const content = tensorProto.toObject(tensorProto.decode(encodeTensor(tensor, { form: "content" })));
      if (sample.dtype === "string") return;
      expect(Buffer.from(content["tensor_content"] ?? []).toString("hex")).toBe(sample.elements.join(""));
    }),
    { numRuns: 1500 },
  );
});

// protobufjs has no field of the name `__proto__`.
const names = fc.string({ unit: "grapheme", maxLength: 12 }).filter((name) => name !== "__proto__");
const tensors = fc.dictionary(names, samples, { maxKeys: 4, noNullPrototype: true });
const specs = fc.record({ name: names, signature_name: names }, { requiredKeys: [] }).chain((spec) =>
  fc.oneof(
    fc.constant(spec),
    fc.maxSafeInteger().map((value) => ({ ...spec, version: { value } })),
    names.map((version_label) => ({ ...spec, version_label })),
  ),
);

const plain = { longs: Number, defaults: true };

test("any PredictRequest that protobufjs writes is read, and written so that protobufjs reads the same", () => {
  fc.assert(
    fc.property(specs, tensors, fc.array(names, { maxLength: 3 }), (model_spec, inputs, output_filter) => {
      const protos = Object.fromEntries(Object.entries(inputs).map(([name, { proto }]) => [name, proto]));
      // What the server has no use for is read past.
      const ignored = { client_id: Buffer.from("me"), predict_streamed_options: { return_single_response: true } };
      const bytes = written(predictRequest, { model_spec, inputs: protos, output_filter, ...ignored });
      const { spec, inputs: read, outputFilter } = decodePredictRequest(bytes);
      const given = new Map([...read].map(([name, tensor]) => [name, tensor()]));
      expect(Object.fromEntries([...given].map(([name, tensor]) => [name, held(tensor)]))).toEqual(
        Object.fromEntries(Object.entries(inputs).map(([name, sample]) => [name, wanted(sample)])),
      );
      expect(outputFilter).toEqual(output_filter);

      const again = encodePredictRequest({ spec, inputs: given, outputFilter }, "typed");
      const seen = predictRequest.toObject(predictRequest.decode(again), plain);
      const asked = predictRequest.toObject(predictRequest.decode(bytes), plain);
      expect(seen["model_spec"]).toEqual(asked["model_spec"]);
      expect(seen["output_filter"]).toEqual(output_filter);
      expect(Object.keys(seen["inputs"]).sort()).toEqual(Object.keys(inputs).sort());
    }),
    { numRuns: 500 },
  );
});

test("any PredictResponse that protobufjs writes is read", () => {
  fc.assert(
    fc.property(tensors, (outputs) => {
      const protos = Object.fromEntries(Object.entries(outputs).map(([name, { proto }]) => [name, proto]));
      const model_spec = { name: "m", version: { value: 3 }, signature_name: "s" };
      const { spec, outputs: read } = decodePredictResponse(written(predictResponse, { outputs: protos, model_spec }));
      expect(spec).toEqual({ name: "m", version: 3n, signature: "s" });
      expect(Object.fromEntries([...read].map(([name, tensor]) => [name, held(tensor)]))).toEqual(
        Object.fromEntries(Object.entries(outputs).map(([name, sample]) => [name, wanted(sample)])),
      );
    }),
    { numRuns: 300 },
  );
});
