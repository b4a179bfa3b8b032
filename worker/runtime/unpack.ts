import { createWriteStream } from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { openPromise } from "yauzl";
import { distributionOf, isLibrary } from "./libraries.ts";

/** Takes the two libraries out of a wheel, which is a zip; answers the version that its `.dist-info` folder names. */
export async function unpack(
  wheel: string,
  into: string,
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const zip = await openPromise(wheel);
  let version: string | undefined;
  let bytes = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      version ??= distributionOf(entry.fileName)?.version;
      if (!isLibrary(entry.fileName)) continue;
      const watch = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
        for await (const chunk of chunks) {
          bytes += chunk.length;
          onBytes(bytes);
          yield chunk;
        }
      };
      const target = createWriteStream(join(into, basename(entry.fileName)), { mode: 0o755 });
      await pipeline(await zip.openReadStreamPromise(entry), watch, target, signal ? { signal } : {});
    }
  } finally {
    zip.close();
  }
  return version;
}
