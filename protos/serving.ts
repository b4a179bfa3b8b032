/**
 * Messages of TensorFlow Serving as `codec` reads and writes them. Field names are those of the `.proto` files; an int64
 * is a decimal string; of a oneof only the member that the field named for the oneof tells is there.
 */

/** A decimal int64, e.g. "123". */
export type Int64 = string;

/** google.protobuf.Any. */
export interface Any {
  /** e.g. "type.googleapis.com/tensorflow.serving.SignatureDefMap". */
  readonly type_url: string;
  /** The serialized message. */
  readonly value: Buffer;
}

/** A wrapper of google/protobuf/wrappers.proto, where null and 0 differ. */
export interface Wrapped<T> {
  readonly value: T;
}

/** tensorflow.error.Code by name; the spelling of gRPC's codes. */
export type ErrorCodeName =
  | "OK"
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "UNAUTHENTICATED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS";

export interface StatusProto {
  readonly error_code: ErrorCodeName;
  readonly error_message: string;
}

/** Neither version nor label: the highest version available. */
export type ModelSpec = { readonly name: string; readonly signature_name: string } & (
  | { readonly version_choice: "version"; readonly version: Wrapped<Int64> }
  | { readonly version_choice: "version_label"; readonly version_label: string }
  | { readonly version_choice?: undefined }
);

export interface GetModelStatusRequest {
  readonly model_spec: ModelSpec | null;
}

/** tensorflow.serving.ModelVersionStatus.State by name. */
export type VersionStateName = "UNKNOWN" | "START" | "LOADING" | "AVAILABLE" | "UNLOADING" | "END";

export interface ModelVersionStatus {
  readonly version: Int64;
  readonly state: VersionStateName;
  readonly status: StatusProto | null;
}

export interface GetModelStatusResponse {
  readonly model_version_status: readonly ModelVersionStatus[];
}

export interface GetModelMetadataRequest {
  readonly model_spec: ModelSpec | null;
  readonly metadata_field: readonly string[];
}

export interface GetModelMetadataResponse {
  readonly model_spec: ModelSpec | null;
  readonly metadata: Readonly<Record<string, Any>>;
}

/** A message that nobody reads field by field; its codec writes it back. */
export type Opaque = Readonly<Record<string, unknown>>;

/** A recorded call. */
export interface RecordedCall {
  readonly request: Opaque | null;
  readonly response: Opaque | null;
}

/** A recorded stream of calls. */
export interface RecordedStream {
  readonly request: readonly Opaque[];
  readonly response: readonly Opaque[];
}

/** One record of a warm-up file. `predict_log.request` is a tensorflow.serving.PredictRequest, and so on. */
export type PredictionLog = { readonly log_metadata: Opaque | null } & (
  | { readonly log_type: "classify_log"; readonly classify_log: RecordedCall }
  | { readonly log_type: "regress_log"; readonly regress_log: RecordedCall }
  | { readonly log_type: "predict_log"; readonly predict_log: RecordedCall }
  | { readonly log_type: "multi_inference_log"; readonly multi_inference_log: RecordedCall }
  | { readonly log_type: "session_run_log"; readonly session_run_log: RecordedCall }
  | { readonly log_type: "predict_streamed_log"; readonly predict_streamed_log: RecordedStream }
  | { readonly log_type?: undefined }
);
