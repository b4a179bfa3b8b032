import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { checked, type Place, reach, unreachable } from "./package-index.ts";
import { NoRuntimeError } from "./runtime.ts";

export interface Download {
  readonly from: Place;
  readonly to: string;
  readonly sha256: string;
  readonly onBytes: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A connection that is silent for so long counts as broken. */
const STALL_MS = 60_000;

/** Writes a file from the network, checking its SHA-256 on the way. Throws NoRuntimeError; what was written is then the caller's to remove. */
export async function download({ from, to, sha256, onBytes, signal }: Download): Promise<void> {
  const stalled = new AbortController();
  const either = signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal;
  const timer = setTimeout(() => stalled.abort(new Error(`silent for ${STALL_MS / 1000} s`)), STALL_MS);
  try {
    const { body } = checked(await reach(from, {}, either), from);
    if (body === null) throw new NoRuntimeError(`${from.url.host} sent nothing for ${from.url.pathname}.`);
    const hash = createHash("sha256");
    let bytes = 0;
    const watch = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        timer.refresh();
        hash.update(chunk);
        bytes += chunk.byteLength;
        onBytes(bytes);
        yield chunk;
      }
    };
    await pipeline(Readable.fromWeb(body), watch, createWriteStream(to), {
      signal: either,
    });
    checkSum(to, hash.digest("hex"), sha256, from.url.host);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof NoRuntimeError || isDiskError(error)) throw error;
    throw unreachable(from, stalled.signal.aborted ? stalled.signal.reason : error);
  } finally {
    clearTimeout(timer);
  }
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest("hex");
}

/** Throws NoRuntimeError unless both are equal. */
export function checkSum(file: string, got: string, want: string, source: string): void {
  if (got === want) return;
  throw new NoRuntimeError(
    `What ${source} sent is not TensorFlow's published wheel: its SHA-256 is ${got}, wanted ${want} (${file}). It was thrown away; try again, or use another package index (PIP_INDEX_URL).`,
  );
}

export function isDiskError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  return ["ENOSPC", "EDQUOT", "EACCES", "EROFS", "EPERM", "EFBIG", "EIO", "ENOTDIR"].includes(code);
}
