import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  codec,
  type GetModelMetadataRequest,
  type GetModelMetadataResponse,
  predictionServiceRaw,
} from "../../../protos/index.ts";
import { parseSignatureDefMap } from "../../../tensor/index.ts";
import { serving } from "./health.ts";
import { EXAMPLES, type Served, serve, wanted } from "./served.ts";

let served: Served;
beforeAll(async () => {
  served = await serve([wanted("half_plus_two", `${EXAMPLES}/half_plus_two`)]);
  await serving(served.client);
});
afterAll(() => served.close());

const { GetModelMetadata } = predictionServiceRaw;

describe("GetModelMetadata", () => {
  const requests = codec<GetModelMetadataRequest>("tensorflow.serving.GetModelMetadataRequest");
  const responses = codec<GetModelMetadataResponse>("tensorflow.serving.GetModelMetadataResponse");

  test("answers the signatures as the model has them, with name and version", async () => {
    const request = requests.encode({ model_spec: { name: "half_plus_two" }, metadata_field: ["signature_def"] });
    const { model_spec, metadata } = responses.decode(await served.call(GetModelMetadata, request));
    expect(model_spec).toEqual({
      name: "half_plus_two",
      signature_name: "",
      version_choice: "version",
      version: { value: "124" },
    });
    expect(metadata["signature_def"]?.type_url).toBe("type.googleapis.com/tensorflow.serving.SignatureDefMap");
    const signatures = parseSignatureDefMap(metadata["signature_def"]?.value ?? Buffer.alloc(0));
    expect([...signatures.keys()]).toContain("classify_x_to_y");
  });

  const cases = [
    { name: "no ModelSpec", request: { metadata_field: ["signature_def"] }, message: "Missing ModelSpec" },
    {
      name: "no field",
      request: { model_spec: { name: "half_plus_two" } },
      message: "GetModelMetadataRequest must specify at least one metadata_field",
    },
    {
      name: "another field",
      request: { model_spec: { name: "half_plus_two" }, metadata_field: ["graph"] },
      message: "Metadata field graph is not supported",
    },
    {
      name: "no name",
      request: { model_spec: {}, metadata_field: ["signature_def"] },
      message: "ModelSpec has no name specified.",
    },
  ];
  for (const { name, request, message } of cases) {
    test(`refuses ${name}`, async () => {
      const error = await served.failure(GetModelMetadata, requests.encode(request));
      expect([status[error.code], error.details]).toEqual(["INVALID_ARGUMENT", message]);
    });
  }
});
