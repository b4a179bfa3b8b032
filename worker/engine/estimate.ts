import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";

/** The factor of TensorFlow Serving's own estimate (`servables/tensorflow/bundle_factory_util.cc`): weights are most of the files, and are held once. */
const RAM_PER_FILE_BYTE = 1.2;

/** Bytes of memory that a SavedModel folder will take: the sizes of all its files, times 1.2. 0 for a folder that is not there. */
export async function estimateFromFiles(directory: string): Promise<number> {
  return Math.round((await fileBytes(directory)) * RAM_PER_FILE_BYTE);
}

async function fileBytes(directory: string): Promise<number> {
  let bytes = 0;
  try {
    for await (const entry of await opendir(directory)) {
      const path = join(directory, entry.name);
      bytes += entry.isDirectory() ? await fileBytes(path) : (await stat(path)).size;
    }
  } catch (error) {
    // Gone, or going while it is read: the load will say so in better words.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return bytes;
}
