import { Metadata, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import { InferenceError, STATUS_CODES } from "../../core/index.ts";

/** TensorFlow Serving cuts longer texts, so that they fit the headers that clients take (`util/status_util`). */
const MAX_MESSAGE_BYTES = 1024;
const CUT_MARK = "...TRUNCATED";

/** Trailer that tells who is to blame, and with it that the worker itself has answered and not the way to it. */
export const ORIGIN_KEY = "tensorgate-origin";

/** How a call ends that has failed. What is no {@link InferenceError} is told as INTERNAL with a fixed text. */
export function errorStatus(thrown: unknown): Partial<StatusObject> & Pick<ServiceError, "code" | "details"> {
  const error = InferenceError.from(thrown, "worker");
  const metadata = new Metadata();
  metadata.set(ORIGIN_KEY, error.origin === "client" ? "client" : "worker");
  return { code: STATUS_CODES[error.code], details: fitMessage(error.message), metadata };
}

/**
 * At most 1024 bytes of UTF-8, then a mark. Bytes, not characters: each may take three in the header, and clients refuse
 * headers over 8 KiB. Half a surrogate pair, which a header can't carry, becomes U+FFFD.
 */
export function fitMessage(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= MAX_MESSAGE_BYTES) return bytes.toString();
  let end = MAX_MESSAGE_BYTES;
  // 10xxxxxx continues a character: step back to where it begins.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end) + CUT_MARK;
}
