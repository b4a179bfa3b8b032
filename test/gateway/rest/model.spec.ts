import { afterAll, beforeAll, expect, test } from "vitest";
import { version } from "../../../core/index.ts";
import { codec, type Opaque } from "../../../protos/index.ts";
import { type RestUnderTest, startRest } from "../setup/rest.ts";

let rest: RestUnderTest;
beforeAll(async () => {
  rest = await startRest({ names: ["half", "b"] });
});
afterAll(() => rest[Symbol.asyncDispose]());

test("the models are listed by name", async () => {
  expect((await rest.ask("GET", "/v1/models")).json).toEqual({ models: ["half", "b"] });
  expect((await rest.ask("GET", "/V1/MODELS?x")).json).toEqual({ models: ["half", "b"] });
});

test("status tells each version as proto JSON does, with all fields", async () => {
  rest.backend.status = () => [
    { version: version(2), state: "LOADING", code: "OK", message: "" },
    { version: version(2n ** 63n - 1n), state: "END", code: "NOT_FOUND", message: 'no "variables"' },
  ];
  const reply = await rest.ask("GET", "/v1/models/half/labels/whatever");
  expect(reply.text).toBe(`{
 "model_version_status": [
  {
   "version": "2",
   "state": "LOADING",
   "status": {
    "error_code": "OK",
    "error_message": ""
   }
  },
  {
   "version": "9223372036854775807",
   "state": "END",
   "status": {
    "error_code": "NOT_FOUND",
    "error_message": "no \\"variables\\""
   }
  }
 ]
}
`);
});

const X = {
  dtype: "DT_FLOAT",
  tensor_shape: { dim: [{ size: "-1", name: "" }], unknown_rank: false },
  name: "x:0",
};

test("metadata tells the signatures of the version, with all fields that have no presence", async () => {
  expect((await rest.ask("GET", "/v1/models/half/versions/1/metadata")).json).toEqual({
    model_spec: { name: "half", signature_name: "", version: "1" },
    metadata: {
      signature_def: {
        signature_def: {
          serving_default: {
            inputs: { x: X },
            outputs: { y: { ...X, name: "y:0" } },
            method_name: "tensorflow/serving/predict",
            defaults: {},
          },
          constant: {
            inputs: {},
            outputs: { y: { ...X, name: "y:0" } },
            method_name: "tensorflow/serving/predict",
            defaults: {},
          },
        },
      },
    },
  });
});

test("what is odd in a signature is printed as Python's json_format prints it", async () => {
  const signatureDefMap = codec<Opaque>("tensorflow.serving.SignatureDefMap").encode({
    signature_def: {
      __saved_model_init_op: { outputs: { op: { name: "NoOp", tensor_shape: { unknown_rank: true } } } },
      odd: {
        inputs: {
          sparse: { coo_sparse: { values_tensor_name: "v" }, dtype: 77 },
          shapeless: { name: "s:0", dtype: "DT_STRING" },
        },
        defaults: {
          d: {
            dtype: "DT_FLOAT",
            float_val: [0.1, Number.NaN, Number.NEGATIVE_INFINITY, 3.4028234663852886e38],
            tensor_content: Buffer.from("Ab?"),
            uint64_val: ["18446744073709551615"],
          },
        },
      },
    },
  });
  const was = rest.backend.resolve;
  rest.backend.resolve = (spec, header) => ({ ...was(spec, header), signatureDefMap });
  const { json } = await rest.ask("GET", "/v1/models/half/metadata");
  rest.backend.resolve = was;
  const lists = {
    half_val: [],
    double_val: [],
    int_val: [],
    string_val: [],
    scomplex_val: [],
    int64_val: [],
    bool_val: [],
    dcomplex_val: [],
    resource_handle_val: [],
    variant_val: [],
    uint32_val: [],
    float8_val: "",
  };
  expect(json).toMatchObject({
    metadata: {
      signature_def: {
        signature_def: {
          __saved_model_init_op: {
            inputs: {},
            outputs: { op: { dtype: "DT_INVALID", tensor_shape: { dim: [], unknown_rank: true }, name: "NoOp" } },
            method_name: "",
            defaults: {},
          },
          odd: {
            inputs: {
              sparse: {
                coo_sparse: { values_tensor_name: "v", indices_tensor_name: "", dense_shape_tensor_name: "" },
                dtype: 77,
              },
              shapeless: { name: "s:0", dtype: "DT_STRING" },
            },
            defaults: {
              d: {
                ...lists,
                dtype: "DT_FLOAT",
                version_number: 0,
                tensor_content: "QWI/",
                float_val: [0.1, "NaN", "-Infinity", 3.4028235e38],
                uint64_val: ["18446744073709551615"],
              },
            },
          },
        },
      },
    },
  });
  const odd = (
    json as {
      metadata: {
        signature_def: { signature_def: { odd: { inputs: Record<string, object>; defaults: Record<string, object> } } };
      };
    }
  ).metadata.signature_def.signature_def.odd;
  expect(Object.keys(odd.inputs["shapeless"] ?? {}).sort()).toEqual(["dtype", "name"]);
  expect(Object.keys(odd.inputs["sparse"] ?? {}).sort()).toEqual(["coo_sparse", "dtype"]);
  expect(odd.defaults["d"]).not.toHaveProperty("tensor_shape");
});
