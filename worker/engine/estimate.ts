import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** The factor of TensorFlow Serving's own estimate (`servables/tensorflow/bundle_factory_util.cc`): weights are most of the files, and are held once. */
const RAM_PER_FILE_BYTE = 1.2;

/** Bytes of memory that a SavedModel folder will take: the sizes of all its files, times 1.2. 0 for a folder that is not there. */
export async function estimateFromFiles(directory: string): Promise<number> {
  return Math.round((await fileBytes(directory)) * RAM_PER_FILE_BYTE);
}

/** Links are followed, as a load follows them; `seen` ends a circle of them. */
async function fileBytes(path: string, seen = new Set<string>()): Promise<number> {
  try {
    const about = await stat(path, { bigint: true });
    if (!about.isDirectory()) return Number(about.size);
    const id = `${about.dev}:${about.ino}`;
    if (seen.has(id)) return 0;
    seen.add(id);
    let bytes = 0;
    for (const name of await readdir(path)) bytes += await fileBytes(join(path, name), seen);
    return bytes;
  } catch (error) {
    // Gone, or going while it is read: the load will say so in better words.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
