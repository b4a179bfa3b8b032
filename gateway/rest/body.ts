import type { IncomingMessage } from "node:http";
import { createGunzip } from "node:zlib";
import { InferenceError } from "../../core/index.ts";
import { EMPTY_BODY } from "../../tensor/index.ts";
import { announcesMore } from "../incoming.ts";
import type { BodyLimits } from "./api-request.ts";
import { BodyParts } from "./body-parts.ts";
import { createFairTurns, type FairTurns } from "./fair-turns.ts";

export type Body =
  | {
      readonly is: "read";
      /** In order, for {@link whole} or for a thread: see {@link BodyParts}. */
      readonly parts: readonly Buffer[];
      /** Of all parts. */
      readonly length: number;
      readonly receivedBytes: number;
    }
  /** Over the limit, as sent or inflated; over what all bodies together may take; or the client went away in the middle of it. */
  | {
      readonly is: "too large" | "no room" | "cut off";
      readonly receivedBytes: number;
      /** The client may still be sending. */
      readonly unread: boolean;
    };

/** All sockets share the event loop. */
export const TURNS: FairTurns = createFairTurns();

/** Inflated at once; larger than Node's 16 KiB for fewer turns. */
const INFLATED_CHUNK_BYTES = 64 * 2 ** 10;

/**
 * Reads a request's body, whatever its Content-Type, and inflates it while it comes when its Content-Encoding holds `gzip`. A
 * Content-Length over the limit is believed before anything is read. Throws INVALID_ARGUMENT for what cannot be inflated.
 */
export async function readBody(request: IncomingMessage, { maxBytes, room }: BodyLimits): Promise<Body> {
  const refused = (is: Exclude<Body["is"], "read">, receivedBytes: number): Body => {
    return { is, receivedBytes, unread: is !== "cut off" && !request.complete };
  };
  if (announcesMore(request, maxBytes)) return refused("too large", 0);
  const length = request.headers["content-length"];
  const gzip = isGzip(request);
  const knownBytes = gzip || length === undefined ? undefined : Number(length);
  if (knownBytes !== undefined && !room.growTo(knownBytes)) return refused("no room", 0);
  const parts = new BodyParts(knownBytes);
  const add = (chunk: Buffer): "too large" | "no room" | undefined => {
    const bytes = parts.length + chunk.length;
    if (bytes > maxBytes) return "too large";
    if (!room.growTo(bytes)) return "no room";
    parts.add(chunk);
    // Most bodies come in one piece; what is inflated comes by turns as it is.
    if (bytes > chunk.length && !gzip) TURNS.received(chunk.length, request);
    return undefined;
  };
  const { is, receivedBytes } = await (gzip ? collectInflated(request, maxBytes, add) : collect(request, add));
  if (is !== "read") return refused(is, receivedBytes);
  return { is, parts: parts.finish(), length: parts.length, receivedBytes };
}

/** The body in one piece; several parts are copied, so this is for bodies that are not big. */
export function whole({ parts, length }: Extract<Body, { is: "read" }>): Uint8Array {
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, length);
}

function isGzip({ headers }: IncomingMessage): boolean {
  return headers["content-encoding"]?.toLowerCase().includes("gzip") ?? false;
}

/** Takes a chunk, or says why no more is taken. */
type Put = (chunk: Buffer) => Refusal | undefined;
type Refusal = "too large" | "no room";

interface Ending {
  readonly is: Body["is"];
  readonly receivedBytes: number;
}

function collect(request: IncomingMessage, put: Put): Promise<Ending> {
  return new Promise((resolve) => {
    let receivedBytes = 0;
    const done = (is: Body["is"]): void => {
      request.off("data", onData).off("end", onEnd).off("close", onClose);
      resolve({ is, receivedBytes });
    };
    const onData = (chunk: Buffer): void => {
      receivedBytes += chunk.length;
      const refused = put(chunk);
      if (refused === undefined) return;
      request.pause();
      done(refused);
    };
    const onEnd = (): void => done("read");
    const onClose = (): void => done("cut off");
    request.on("data", onData).on("end", onEnd).on("close", onClose);
    // A connection that breaks is told by "close"; without a listener its error would end the process.
    request.on("error", () => {});
  });
}

/** Neither the compressed body nor more than the limit of the inflated one is ever held. */
async function collectInflated(request: IncomingMessage, maxBytes: number, put: Put): Promise<Ending> {
  const gunzip = createGunzip({ chunkSize: INFLATED_CHUNK_BYTES });
  const closed = new Promise((resolve) => gunzip.once("close", resolve));
  let refused: Refusal | undefined;
  let wrong: Error | undefined;
  let sentBytes = 0;
  gunzip.on("data", (chunk: Buffer) => {
    refused ??= put(chunk);
    if (refused !== undefined) gunzip.destroy();
  });
  gunzip.on("error", (error) => {
    wrong = error;
  });
  gunzip.on("drain", () => request.resume()).on("close", () => request.resume());
  // What cannot be inflated is read to its end all the same, so that the connection stays of use.
  const { is, receivedBytes } = await collect(request, (chunk) => {
    sentBytes += chunk.length;
    if (sentBytes > maxBytes) refused ??= "too large";
    if (refused === undefined && wrong === undefined && !gunzip.write(chunk)) request.pause();
    return refused;
  });
  if (is !== "read") gunzip.destroy();
  else if (!gunzip.destroyed) gunzip.end();
  await closed;
  if (is !== "read") return { is, receivedBytes };
  if (wrong === undefined) return { is: refused ?? "read", receivedBytes };
  // TensorFlow Serving goes on as if there were no body.
  const message = `${EMPTY_BODY}; it cannot be inflated as its Content-Encoding says: ${wrong.message}`;
  throw new InferenceError("INVALID_ARGUMENT", message, { cause: wrong });
}
