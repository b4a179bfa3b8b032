import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { codec, type Opaque } from "../../../protos/index.ts";
import type { Message } from "../../setup/grpc-client.ts";
import { ROOT } from "../../setup/tensorgate.ts";
import { modelsNamed } from "../rest/cases.ts";
import { type GrpcCase, holds, sharedClient } from "./cases.ts";

const { client } = sharedClient({
  workers: { count: 1, load: { retries: 0 } },
  models: [
    ...modelsNamed("half_plus_two").map((model) => ({ ...model, versions: "all", labels: { stable: 123 } })),
    ...modelsNamed("broken_graph", "outputs"),
    { name: "missing", path: join(ROOT, "test/data/models/no_such_folder") },
  ],
});

function metadata(name: string, model_spec: Message | undefined, ...metadata_field: string[]): GrpcCase {
  return { name, method: "GetModelMetadata", request: { ...(model_spec && { model_spec }), metadata_field } };
}

function status(name: string, model_spec: Message | undefined): GrpcCase {
  return { name, method: "GetModelStatus", request: model_spec === undefined ? {} : { model_spec } };
}

const FIELD = "signature_def";
const HALF = { name: "half_plus_two" };
const OK = { error_code: "OK", error_message: "" };

describe("GetModelMetadata", () => {
  const signatures = codec<{ signature_def: Readonly<Record<string, Opaque>> }>("tensorflow.serving.SignatureDefMap");

  for (const { name, spec, version } of [
    { name: "of the highest version", spec: HALF, version: "124" },
    { name: "of a version", spec: { ...HALF, version: { value: 123 } }, version: "123" },
    { name: "of a label", spec: { ...HALF, version_label: "stable" }, version: "123" },
    { name: "whatever signature is named", spec: { ...HALF, signature_name: "nothing" }, version: "124" },
  ]) {
    test(`all signatures ${name}`, async () => {
      const answer = await client().call("GetModelMetadata", { model_spec: spec, metadata_field: [FIELD, FIELD] });
      expect(answer["model_spec"]).toMatchObject({
        name: "half_plus_two",
        signature_name: "",
        version: { value: version },
      });
      expect(Object.keys(answer["metadata"])).toEqual([FIELD]);
      const { type_url, value } = answer["metadata"][FIELD];
      expect(type_url).toBe("type.googleapis.com/tensorflow.serving.SignatureDefMap");
      const map = signatures.decode(value).signature_def;
      expect(Object.keys(map).sort()).toEqual([
        "classify_x_to_y",
        "regress_x2_to_y3",
        "regress_x_to_y",
        "regress_x_to_y2",
        "serving_default",
      ]);
      expect(map["serving_default"]).toMatchObject({
        inputs: { x: { name: "x:0", dtype: "DT_FLOAT", tensor_shape: { dim: [{ size: "-1" }, { size: "1" }] } } },
        method_name: "tensorflow/serving/predict",
      });
    });
  }

  holds(client, [
    { ...metadata("no ModelSpec", undefined, FIELD), error: "INVALID_ARGUMENT: Missing ModelSpec" },
    { ...metadata("no ModelSpec, and no field", undefined), error: "INVALID_ARGUMENT: Missing ModelSpec" },
    {
      ...metadata("no field, whatever the name", {}),
      error: "INVALID_ARGUMENT: GetModelMetadataRequest must specify at least one metadata_field",
    },
    {
      ...metadata("another field", HALF, FIELD, "graph"),
      error: "INVALID_ARGUMENT: Metadata field graph is not supported",
    },
    {
      ...metadata("another field of an unknown model", { name: "m" }, "x"),
      error: "INVALID_ARGUMENT: Metadata field x is not supported",
    },
    { ...metadata("no name", {}, FIELD), error: "INVALID_ARGUMENT: ModelSpec has no name specified." },
    {
      ...metadata("an unknown model", { name: "m" }, FIELD),
      error: "NOT_FOUND: Servable not found for request: Latest(m)",
    },
    {
      ...metadata("an unknown version", { ...HALF, version: { value: 7 } }, FIELD),
      error: "NOT_FOUND: Servable not found for request: Specific(half_plus_two, 7)",
    },
    {
      ...metadata("an unknown label", { ...HALF, version_label: "x" }, FIELD),
      error: "INVALID_ARGUMENT: Unrecognized servable version label: x",
    },
    {
      ...metadata("a model that failed to load", { name: "broken_graph" }, FIELD),
      error: "NOT_FOUND: Servable not found for request: Latest(broken_graph)",
    },
  ]);
});

const available = (version: string) => ({ version, state: "AVAILABLE", status: OK });

describe("GetModelStatus", () => {
  holds(client, [
    {
      ...status("all versions, descending", HALF),
      answer: { model_version_status: [available("124"), available("123")] },
    },
    {
      ...status("one version", { ...HALF, version: { value: 123 } }),
      answer: { model_version_status: [available("123")] },
    },
    {
      ...status("a label is ignored", { ...HALF, version_label: "nothing" }),
      answer: { model_version_status: [available("124"), available("123")] },
    },
    { ...status("no ModelSpec", undefined), error: "INVALID_ARGUMENT: Missing ModelSpec" },
    { ...status("no name", {}), error: "NOT_FOUND: Could not find any versions of model " },
    { ...status("an unknown model", { name: "m" }), error: "NOT_FOUND: Could not find any versions of model m" },
    {
      ...status("an unknown version", { ...HALF, version: { value: 7 } }),
      error: "NOT_FOUND: Could not find version 7 of model half_plus_two",
    },
    {
      ...status("a version of an unknown model", { name: "m", version: { value: 7 } }),
      error: "NOT_FOUND: Could not find version 7 of model m",
    },
    {
      ...status("a model whose folder is not there", { name: "missing" }),
      error: "NOT_FOUND: Could not find any versions of model missing",
    },
  ]);

  test("a load that has failed is at its end, with its error", async () => {
    const { model_version_status } = await client().call("GetModelStatus", { model_spec: { name: "broken_graph" } });
    expect(model_version_status).toEqual([
      {
        version: "1",
        state: "END",
        status: { error_code: "DATA_LOSS", error_message: expect.stringContaining("saved_model.pb") },
      },
    ]);
  });
});
