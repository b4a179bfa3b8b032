import type { InferenceError, ModelSpec, StatusCode } from "../../core/index.ts";
import type { Servable } from "../call.ts";

export type Protocol = "rest" | "grpc";

/** What a request is counted under; `Unknown` is what names nothing that we have. */
export type ObservedMethod =
  | "Predict"
  | "Classify"
  | "Regress"
  | "MultiInference"
  | "GetModelMetadata"
  | "GetModelStatus"
  | "HandleReloadConfigRequest"
  | "ListModels"
  | "Admin"
  | "Preflight"
  | "Unknown";

/** A request as it comes in. */
export interface Arrival {
  readonly protocol: Protocol;
  readonly method: ObservedMethod;
  /** `POST /v1/models/m:predict`, `/tensorflow.serving.PredictionService/Predict`; for the log only. */
  readonly request: string;
  /** The client's address. */
  readonly client: string;
}

/** How a request has ended. */
export interface Outcome {
  readonly code: StatusCode;
  /** Over REST. */
  readonly httpStatus?: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly error?: InferenceError;
}

/** All that is known of a request at its end. */
export interface Access {
  readonly arrival: Arrival;
  readonly outcome: Outcome;
  readonly spec: Pick<ModelSpec, "name" | "choice" | "signature"> | undefined;
  readonly target: Servable | undefined;
  /** Who has proven to send it. */
  readonly client: string | undefined;
  readonly seconds: number;
}

export type AccessLog = (access: Access) => void;
