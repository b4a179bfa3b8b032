import type { ServiceError } from "@grpc/grpc-js";
import { type InferenceError, STATUS_CODES } from "../../core/index.ts";

/** The length at which TensorFlow Serving cuts a message, so that it fits into a trailer. */
const MAX_CHARACTERS = 1024;
const CUT_MARK = "...TRUNCATED";

/** Codes map one to one. */
export function errorToStatus(error: InferenceError): Pick<ServiceError, "code" | "details"> {
  return { code: STATUS_CODES[error.code], details: cut(error.message) };
}

/** Also replaces half a surrogate pair, which the trailer's percent-encoding would throw on. */
function cut(message: string): string {
  const text = message.length <= MAX_CHARACTERS ? message : message.slice(0, MAX_CHARACTERS) + CUT_MARK;
  return Buffer.from(text).toString();
}
