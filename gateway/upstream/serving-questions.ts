import type { Client } from "@grpc/grpc-js";
import type { InferenceError } from "../../core/index.ts";
import {
  codec,
  type GetModelMetadataRequest,
  type GetModelMetadataResponse,
  type ModelVersionStatus,
  modelService,
  predictionServiceRaw,
} from "../../protos/index.ts";
import { failureOf } from "./call-failure.ts";
import { type CallLimits, unaryCall } from "./unary-call.ts";

/** What can be asked of any server that speaks TensorFlow Serving's API. Each fails as `unaryCall` does. */
export interface ServingQuestions {
  /** Of all versions that it knows. */
  status(model: string): Promise<readonly ModelVersionStatus[]>;
  /** A serialized `tensorflow.serving.SignatureDefMap`. */
  signatures(model: string, version: string): Promise<Buffer>;
}

const metadataRequest = codec<GetModelMetadataRequest>("tensorflow.serving.GetModelMetadataRequest");
const metadataResponse = codec<GetModelMetadataResponse>("tensorflow.serving.GetModelMetadataResponse");

const SIGNATURE_DEF = "signature_def";

/** Why a question has failed, with what the transport says of it. */
export function reasonOf(error: InferenceError): string {
  return failureOf(error)?.message ?? error.message;
}

/** Asks over `client`; `limits` is asked for each question. */
export function askServing(client: Client, limits: () => CallLimits): ServingQuestions {
  const { GetModelStatus } = modelService;
  const statusMethod = { ...predictionServiceRaw.GetModelMetadata, path: GetModelStatus.path };
  return {
    async status(name) {
      const request = GetModelStatus.requestSerialize({ model_spec: { name, signature_name: "" } });
      const answer = await unaryCall(client, statusMethod, request, limits(), "the server");
      return GetModelStatus.responseDeserialize(answer).model_version_status;
    },

    async signatures(name, version) {
      const request = metadataRequest.encode({
        model_spec: { name, version_choice: "version", version: { value: version } },
        metadata_field: [SIGNATURE_DEF],
      });
      const method = predictionServiceRaw.GetModelMetadata;
      const answer = await unaryCall(client, method, request, limits(), "the server");
      return metadataResponse.decode(answer).metadata[SIGNATURE_DEF]?.value ?? Buffer.alloc(0);
    },
  };
}
