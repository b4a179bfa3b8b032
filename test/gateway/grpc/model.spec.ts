import { afterAll, beforeAll, expect, test } from "vitest";
import { InferenceError } from "../../../core/index.ts";
import {
  codec,
  type GetModelMetadataRequest,
  type GetModelMetadataResponse,
  type GetModelStatusRequest,
  type GetModelStatusResponse,
  type ReloadConfigRequest,
  type ReloadConfigResponse,
} from "../../../protos/index.ts";
import { SIGNATURE_DEF_MAP } from "../setup/backend.ts";
import { type GrpcUnderTest, startGrpc, told } from "../setup/grpc.ts";

const serving = "tensorflow.serving";
const statusRequest = codec<GetModelStatusRequest>(`${serving}.GetModelStatusRequest`);
const statusResponse = codec<GetModelStatusResponse>(`${serving}.GetModelStatusResponse`);
const metadataRequest = codec<GetModelMetadataRequest>(`${serving}.GetModelMetadataRequest`);
const metadataResponse = codec<GetModelMetadataResponse>(`${serving}.GetModelMetadataResponse`);
const reloadRequest = codec<ReloadConfigRequest>(`${serving}.ReloadConfigRequest`);
const reloadResponse = codec<ReloadConfigResponse>(`${serving}.ReloadConfigResponse`);

const STATUS = `/${serving}.ModelService/GetModelStatus`;
const METADATA = `/${serving}.PredictionService/GetModelMetadata`;
const RELOAD = `/${serving}.ModelService/HandleReloadConfigRequest`;

let grpc: GrpcUnderTest;
beforeAll(async () => {
  grpc = await startGrpc();
});
afterAll(() => grpc[Symbol.asyncDispose]());

async function failure(path: string, message: Uint8Array): Promise<string> {
  return told(await grpc.ask({ path, message }).catch((thrown: unknown) => thrown));
}

const half = { name: "half" };
const labelled = { ...half, version_choice: "version_label", version_label: "stable" } as const;
const first = { ...half, version_choice: "version", version: { value: "1" } } as const;

for (const { name, spec, want } of [
  { name: "all versions", spec: half, want: ["2", "1"] },
  { name: "the one that is named", spec: first, want: ["1"] },
  { name: "all versions whatever the label", spec: { ...labelled, version_label: "x" }, want: ["2", "1"] },
]) {
  test(`status tells ${name}`, async () => {
    const answer = await grpc.ask({ path: STATUS, message: statusRequest.encode({ model_spec: spec }) });
    const status = { error_code: "OK", error_message: "" };
    expect(statusResponse.decode(answer)).toEqual({
      model_version_status: want.map((version) => ({ version, state: "AVAILABLE", status })),
    });
  });
}

for (const { name, path, message, want } of [
  {
    name: "status without a ModelSpec",
    path: STATUS,
    message: statusRequest.encode({}),
    want: "INVALID_ARGUMENT: Missing ModelSpec",
  },
  {
    name: "status without a name",
    path: STATUS,
    message: statusRequest.encode({ model_spec: {} }),
    want: "NOT_FOUND: Could not find any versions of model ",
  },
  {
    name: "status of an unknown model",
    path: STATUS,
    message: statusRequest.encode({ model_spec: { name: "x" } }),
    want: "NOT_FOUND: Could not find any versions of model x",
  },
  {
    name: "metadata without a ModelSpec",
    path: METADATA,
    message: metadataRequest.encode({ metadata_field: ["signature_def"] }),
    want: "INVALID_ARGUMENT: Missing ModelSpec",
  },
  {
    name: "metadata without a field",
    path: METADATA,
    message: metadataRequest.encode({ model_spec: half }),
    want: "INVALID_ARGUMENT: GetModelMetadataRequest must specify at least one metadata_field",
  },
  {
    name: "metadata of another field",
    path: METADATA,
    message: metadataRequest.encode({ model_spec: half, metadata_field: ["signature_def", "x"] }),
    want: "INVALID_ARGUMENT: Metadata field x is not supported",
  },
  {
    name: "metadata that is no message",
    path: METADATA,
    message: Buffer.from([0x0a, 0xff]),
    want: "INVALID_ARGUMENT: the message is no GetModelMetadataRequest",
  },
  {
    name: "metadata of an unknown model",
    path: METADATA,
    message: metadataRequest.encode({ model_spec: { name: "x" }, metadata_field: ["signature_def"] }),
    want: "NOT_FOUND: Servable not found for request: Latest(x)",
  },
]) {
  test(`${name} is told: ${want}`, async () => expect(await failure(path, message)).toBe(want));
}

test("metadata are the signatures as the model has them, under the version that they are of", async () => {
  const message = metadataRequest.encode({ model_spec: labelled, metadata_field: ["signature_def"] });
  const answer = metadataResponse.decode(await grpc.ask({ path: METADATA, message }));
  expect(answer).toEqual({
    model_spec: { name: "half", signature_name: "", version_choice: "version", version: { value: "1" } },
    metadata: {
      signature_def: { type_url: "type.googleapis.com/tensorflow.serving.SignatureDefMap", value: SIGNATURE_DEF_MAP },
    },
  });
});

test("a new set of models is handed on, and answered once it serves", async () => {
  const config = {
    config: "model_config_list",
    model_config_list: { config: [{ name: "m", base_path: "/models/m" }] },
  } as const;
  const metric_names = ["/tensorflow/serving/request_count", "/tensorflow/x", "/tensorflow/x"];
  const message = reloadRequest.encode({ config, metric_names });
  const answer = reloadResponse.decode(await grpc.ask({ path: RELOAD, message }));
  expect(answer).toMatchObject({
    status: { error_code: "OK", error_message: "" },
    metric: [
      { name: "/tensorflow/serving/request_count", int64_value_increase: "2" },
      { name: "/tensorflow/x", int64_value_increase: "0" },
    ],
  });
  expect(grpc.backend.reloads).toMatchObject([{ config }]);
});

test("a refused set is an error", async () => {
  const { reload } = grpc.backend;
  grpc.backend.reload = () => Promise.reject(new InferenceError("FAILED_PRECONDITION", "no"));
  expect(await failure(RELOAD, reloadRequest.encode({}))).toBe("FAILED_PRECONDITION: no");
  grpc.backend.reload = reload;
});

test("a method that there is not is UNIMPLEMENTED", async () => {
  expect(await failure(`/${serving}.SessionService/SessionRun`, Buffer.alloc(0))).toMatch(/^UNIMPLEMENTED: /);
});
