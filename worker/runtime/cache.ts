import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { findLibraries, type Libraries } from "./libraries.ts";

/*
 *   ~/.cache/tensorgate/tensorflow/
 *     tensorflow_cpu-2.21.0-cp312-…/     an entry: the two libraries and entry.json; appears whole, by a rename
 *     partial-…/                         one being made, or the leftover of a process that was ended
 *     lock                               who is making one
 */

/** What `entry.json` says of the entry it lies in; written last. */
interface EntryNote {
  readonly version: string;
  readonly wheel: string;
  readonly sha256: string;
  /** Sizes of the two files: one that was cut short or removed later makes the entry void. */
  readonly sizes: Readonly<Record<string, number>>;
}

export interface CacheEntry extends Libraries {
  readonly version: string;
}

const NOTE = "entry.json";

/** `$XDG_CACHE_HOME/tensorgate/tensorflow`; a relative value does not count, as the XDG specification has it. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const base = env["XDG_CACHE_HOME"];
  const home = env["HOME"] || homedir();
  return join(base && isAbsolute(base) ? base : join(home, ".cache"), "tensorgate", "tensorflow");
}

/** The folder name of an entry made from this wheel. */
export function entryName(wheelFile: string, sha256: string): string {
  return `${wheelFile.replace(/\.whl$/, "")}-${sha256.slice(0, 12)}`;
}

/** A complete entry, or undefined. */
export async function readEntry(cache: string, name: string): Promise<CacheEntry | undefined> {
  const folder = join(cache, name);
  try {
    const note = JSON.parse(await readFile(join(folder, NOTE), "utf8")) as EntryNote;
    for (const [file, bytes] of Object.entries(note.sizes)) {
      if ((await stat(join(folder, file))).size !== bytes) return undefined;
    }
    const libraries = await findLibraries(folder);
    return libraries && { ...libraries, version: note.version };
  } catch {
    return undefined;
  }
}

export async function writeNote(folder: string, libraries: Libraries, note: Omit<EntryNote, "sizes">): Promise<void> {
  const sizes: Record<string, number> = {};
  for (const file of [libraries.frameworkFile, libraries.mainFile]) sizes[file] = (await stat(join(folder, file))).size;
  await writeFile(join(folder, NOTE), `${JSON.stringify({ ...note, sizes }, null, 2)}\n`);
}

/** Removes every library that was fetched, unfinished ones too; says whether there was anything. */
export async function removeCache(cache: string): Promise<boolean> {
  const there = await stat(cache).then(
    () => true,
    () => false,
  );
  await rm(cache, { recursive: true, force: true });
  return there;
}
