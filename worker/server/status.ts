import { Metadata, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import { fitMessage, InferenceError, STATUS_CODES } from "../../core/index.ts";

/** Trailer that tells who is to blame, and with it that the worker itself has answered and not the way to it. */
export const ORIGIN_KEY = "tensorgate-origin";

/** Trailer with the text of an error that is cut where every client sees it: REST answers tell it whole. */
const MESSAGE_KEY = "tensorgate-message-bin";

/** With the cut text beside it, base64 and percent-encoding counted, within what clients take of headers. */
const MAX_WHOLE_BYTES = 3072;

/** How a call ends that has failed. What is no {@link InferenceError} is told as INTERNAL with a fixed text. */
export function errorStatus(thrown: unknown): Partial<StatusObject> & Pick<ServiceError, "code" | "details"> {
  const error = InferenceError.from(thrown, "worker");
  const metadata = new Metadata();
  metadata.set(ORIGIN_KEY, error.origin === "client" ? "client" : "worker");
  const details = fitMessage(error.message);
  if (details !== error.message) {
    metadata.set(MESSAGE_KEY, Buffer.from(fitMessage(error.message, MAX_WHOLE_BYTES)));
  }
  return { code: STATUS_CODES[error.code], details, metadata };
}
