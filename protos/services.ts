import type { MethodDefinition } from "@grpc/grpc-js";
import { codec } from "./codec.ts";
import type { ReloadConfigRequest, ReloadConfigResponse } from "./server-config.ts";
import type { GetModelStatusRequest, GetModelStatusResponse } from "./serving.ts";
import type { ApplyModelsRequest, ApplyModelsResponse, WatchRequest, WatchResponse } from "./worker-control.ts";

/** A method whose messages stay bytes. */
export type RawMethod = MethodDefinition<Buffer, Buffer>;

/** PredictionService on message bytes: what a handler gets and answers is the serialized request and response. */
export const predictionServiceRaw: {
  readonly Predict: RawMethod;
  readonly Classify: RawMethod;
  readonly Regress: RawMethod;
  readonly MultiInference: RawMethod;
  readonly GetModelMetadata: RawMethod;
} = {
  Predict: raw("/tensorflow.serving.PredictionService/Predict"),
  Classify: raw("/tensorflow.serving.PredictionService/Classify"),
  Regress: raw("/tensorflow.serving.PredictionService/Regress"),
  MultiInference: raw("/tensorflow.serving.PredictionService/MultiInference"),
  GetModelMetadata: raw("/tensorflow.serving.PredictionService/GetModelMetadata"),
};

/** tensorgate.v1.WorkerInference on message bytes. */
export const workerInferenceRaw: { readonly Predict: RawMethod } = {
  Predict: raw("/tensorgate.v1.WorkerInference/Predict"),
};

/** ModelService on objects. */
export const modelService: {
  readonly GetModelStatus: MethodDefinition<GetModelStatusRequest, GetModelStatusResponse>;
  readonly HandleReloadConfigRequest: MethodDefinition<ReloadConfigRequest, ReloadConfigResponse>;
} = {
  GetModelStatus: method(
    "/tensorflow.serving.ModelService/GetModelStatus",
    "tensorflow.serving.GetModelStatusRequest",
    "tensorflow.serving.GetModelStatusResponse",
  ),
  HandleReloadConfigRequest: method(
    "/tensorflow.serving.ModelService/HandleReloadConfigRequest",
    "tensorflow.serving.ReloadConfigRequest",
    "tensorflow.serving.ReloadConfigResponse",
  ),
};

/** tensorgate.v1.WorkerControl on objects; `Watch` streams its answers. */
export const workerControl: {
  readonly ApplyModels: MethodDefinition<ApplyModelsRequest, ApplyModelsResponse>;
  readonly Watch: MethodDefinition<WatchRequest, WatchResponse>;
} = {
  ApplyModels: method(
    "/tensorgate.v1.WorkerControl/ApplyModels",
    "tensorgate.v1.ApplyModelsRequest",
    "tensorgate.v1.ApplyModelsResponse",
  ),
  Watch: {
    ...method<WatchRequest, WatchResponse>(
      "/tensorgate.v1.WorkerControl/Watch",
      "tensorgate.v1.WatchRequest",
      "tensorgate.v1.WatchResponse",
    ),
    responseStream: true,
  },
};

function raw(path: string): RawMethod {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

function same(bytes: Buffer): Buffer {
  return bytes;
}

function method<Request, Response>(
  path: string,
  request: string,
  response: string,
): MethodDefinition<Request, Response> {
  const [asked, answered] = [codec<unknown>(request), codec<unknown>(response)];
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: (value) => asked.encode(value as object),
    requestDeserialize: (bytes) => asked.decode(bytes) as Request,
    responseSerialize: (value) => answered.encode(value as object),
    responseDeserialize: (bytes) => answered.decode(bytes) as Response,
  };
}
