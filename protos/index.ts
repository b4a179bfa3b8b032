export { type Codec, codec, type Draft, messageType } from "./codec.ts";
export { packageDefinition } from "./descriptors.ts";
export type {
  BatchingParameters,
  LoggingConfig,
  Metric,
  ModelConfig,
  ModelServerConfig,
  MonitoringConfig,
  ReloadConfigRequest,
  ReloadConfigResponse,
  ServableVersionPolicy,
  SSLConfig,
} from "./server-config.ts";
export { modelService, predictionServiceRaw, type RawMethod, workerControl, workerInferenceRaw } from "./services.ts";
export type {
  Any,
  ErrorCodeName,
  GetModelMetadataRequest,
  GetModelMetadataResponse,
  GetModelStatusRequest,
  GetModelStatusResponse,
  Int64,
  ModelSpec,
  ModelVersionStatus,
  Opaque,
  PredictionLog,
  RecordedCall,
  RecordedStream,
  StatusProto,
  VersionStateName,
  Wrapped,
} from "./serving.ts";
export type {
  ApplyModelsRequest,
  ApplyModelsResponse,
  MergeProof,
  ModelReport,
  SignatureMerging,
  VersionReport,
  WantedModel,
  WatchRequest,
  WatchResponse,
} from "./worker-control.ts";
