import type { ServiceError } from "@grpc/grpc-js";
import { fitMessage, type InferenceError, STATUS_CODES } from "../../core/index.ts";

/** Codes map one to one. */
export function errorToStatus(error: InferenceError): Pick<ServiceError, "code" | "details"> {
  return { code: STATUS_CODES[error.code], details: fitMessage(error.message) };
}
