import { constants } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { gunzip } from "node:zlib";
import { InferenceError } from "../../core/index.ts";
import { EMPTY_BODY } from "../../tensor/index.ts";

export type Body =
  | { readonly is: "read"; readonly bytes: Buffer; readonly receivedBytes: number }
  /** Over the limit, as sent or inflated; what else the client sends has not been read. */
  | { readonly is: "too large"; readonly receivedBytes: number }
  /** The client went away in the middle of it. */
  | { readonly is: "cut off"; readonly receivedBytes: number };

/**
 * Reads a request's body, whatever its Content-Type, and inflates it when its Content-Encoding holds `gzip`. A
 * Content-Length over the limit is believed before anything is read. Throws INVALID_ARGUMENT for what cannot be inflated.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Body> {
  if (announcesMore(request, maxBytes)) return { is: "too large", receivedBytes: 0 };
  const body = await collect(request, maxBytes);
  if (body.is !== "read" || !isGzip(request)) return body;
  const bytes = await inflate(body.bytes, maxBytes);
  return bytes === undefined ? { is: "too large", receivedBytes: body.receivedBytes } : { ...body, bytes };
}

export function announcesMore(request: IncomingMessage, maxBytes: number): boolean {
  return Number(request.headers["content-length"] ?? 0) > maxBytes;
}

/** Whether a body follows the headers; one that is not read stands in the way of the connection's next request. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return Number(headers["content-length"] ?? 0) > 0 || headers["transfer-encoding"] !== undefined;
}

function isGzip({ headers }: IncomingMessage): boolean {
  return headers["content-encoding"]?.toLowerCase().includes("gzip") ?? false;
}

function collect(request: IncomingMessage, maxBytes: number): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let receivedBytes = 0;
    const done = (body: Body): void => {
      request.off("data", onData).off("end", onEnd).off("close", onClose);
      resolve(body);
    };
    const onData = (chunk: Buffer): void => {
      receivedBytes += chunk.length;
      if (receivedBytes > maxBytes) {
        request.pause();
        done({ is: "too large", receivedBytes });
      } else chunks.push(chunk);
    };
    const onEnd = (): void => done({ is: "read", bytes: Buffer.concat(chunks, receivedBytes), receivedBytes });
    const onClose = (): void => done({ is: "cut off", receivedBytes });
    request.on("data", onData).on("end", onEnd).on("close", onClose);
    // A connection that breaks is told by "close"; without a listener its error would end the process.
    request.on("error", () => {});
  });
}

/** Undefined when it would be longer than the limit: inflating stops there. */
function inflate(bytes: Buffer, maxBytes: number): Promise<Buffer | undefined> {
  const maxOutputLength = Math.min(maxBytes, constants.MAX_LENGTH);
  return new Promise((resolve, reject) => {
    gunzip(bytes, { maxOutputLength }, (error: NodeJS.ErrnoException | null, inflated) => {
      if (error === null) resolve(inflated);
      else if (error.code === "ERR_BUFFER_TOO_LARGE") resolve(undefined);
      else {
        // TensorFlow Serving goes on as if there were no body.
        const message = `${EMPTY_BODY}; it cannot be inflated as its Content-Encoding says: ${error.message}`;
        reject(new InferenceError("INVALID_ARGUMENT", message, { cause: error }));
      }
    });
  });
}
