import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../setup/tensorgate.ts";
import { holds, modelsNamed, sharedGateway } from "./cases.ts";

const gateway = sharedGateway({
  workers: { count: 1, load: { retries: 0 } },
  models: [
    ...modelsNamed("half_plus_two").map((model) => ({ ...model, versions: "all", labels: { stable: 123 } })),
    ...modelsNamed("outputs", "features", "tf2", "broken_graph"),
    { name: "modèle", path: join(ROOT, "test/data/models/outputs") },
  ],
});

const get = (path: string) => ({ path: `/v1/models/${path}` });

describe("status", () => {
  holds(gateway, [
    {
      name: "layout, versions as strings in descending order, all fields",
      request: get("half_plus_two"),
      text: `{
 "model_version_status": [
  {
   "version": "124",
   "state": "AVAILABLE",
   "status": {
    "error_code": "OK",
    "error_message": ""
   }
  },
  {
   "version": "123",
   "state": "AVAILABLE",
   "status": {
    "error_code": "OK",
    "error_message": ""
   }
  }
 ]
}
`,
      headers: { "content-type": "application/json" },
    },
    { name: "names in UTF-8", request: get("mod%C3%A8le"), status: 200 },
  ]);

  test("a failed load is END with its error, and 200", async () => {
    const reply = await gateway().get("/v1/models/broken_graph");
    expect(reply.status).toBe(200);
    const [row] = reply.json.model_version_status;
    expect(row).toMatchObject({ version: "1", state: "END", status: { error_code: "DATA_LOSS" } });
    expect(row.status.error_message).toContain("saved_model.pb");
  });
});

describe("metadata", () => {
  holds(gateway, [
    {
      request: get("broken_graph/metadata"),
      status: 404,
      error: "Servable not found for request: Latest(broken_graph)",
    },
  ]);

  test("has the layout of two printed messages in one", async () => {
    const { text, headers } = await gateway().get("/v1/models/half_plus_two/labels/stable/metadata");
    expect(headers.get("content-type")).toBe("application/json");
    const head = `{
"model_spec":{
 "name": "half_plus_two",
 "signature_name": "",
 "version": "123"
}
,
"metadata": {"signature_def": {
 "signature_def": {
`;
    expect(text.slice(0, head.length)).toBe(head);
    expect(text.endsWith('   "defaults": {}\n  }\n }\n}\n}\n}\n'), text.slice(-60)).toBe(true);
  });

  test("tells a signature whole", async () => {
    const { json } = await gateway().get("/v1/models/half_plus_two/metadata");
    expect(json.model_spec).toEqual({ name: "half_plus_two", signature_name: "", version: "124" });
    const signatures = json.metadata.signature_def.signature_def;
    expect(signatures.serving_default).toEqual({
      inputs: { x: tensor("DT_FLOAT", "x:0", "-1", "1") },
      outputs: { y: tensor("DT_FLOAT", "y:0", "-1", "1") },
      method_name: "tensorflow/serving/predict",
      defaults: {},
    });
    // The name is part of a oneof, and those come last.
    expect(Object.keys(signatures.serving_default.inputs.x)).toEqual(["dtype", "tensor_shape", "name"]);
    expect(signatures.regress_x_to_y.inputs.inputs).toMatchObject({ dtype: "DT_STRING" });
    expect(signatures.regress_x_to_y.method_name).toBe("tensorflow/serving/regress");
  });

  test("lists the signature that initializes the model, too", async () => {
    const { json } = await gateway().get("/v1/models/tf2/metadata");
    expect(json.metadata.signature_def.signature_def["__saved_model_init_op"]).toEqual({
      inputs: {},
      outputs: {
        __saved_model_init_op: {
          dtype: "DT_INVALID",
          tensor_shape: { dim: [], unknown_rank: true },
          name: expect.any(String),
        },
      },
      method_name: "",
      defaults: {},
    });
  });

  test("prints unknown ranks, scalars and defaults with every field", async () => {
    const { json } = await gateway().get("/v1/models/outputs/metadata");
    const { inputs, defaults } = json.metadata.signature_def.signature_def.defaults;
    expect(inputs).toEqual({
      x: { dtype: "DT_FLOAT", tensor_shape: { dim: [], unknown_rank: true }, name: "x:0" },
      k: tensor("DT_FLOAT", "k:0"),
    });
    const empty = ["half_val", "double_val", "int_val", "string_val", "scomplex_val", "int64_val", "bool_val"];
    const more = ["dcomplex_val", "resource_handle_val", "variant_val", "uint32_val", "uint64_val"];
    expect(defaults).toEqual({
      k: {
        dtype: "DT_FLOAT",
        tensor_shape: { dim: [], unknown_rank: false },
        version_number: 0,
        tensor_content: "",
        float_val: [0.5],
        ...Object.fromEntries([...empty, ...more].map((field) => [field, []])),
        float8_val: "",
      },
    });
  });
});

function tensor(dtype: string, name: string, ...sizes: string[]): unknown {
  const dim = sizes.map((size) => ({ size, name: "" }));
  return { dtype, tensor_shape: { dim, unknown_rank: false }, name };
}
