import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** A SavedModel's files lie at most one folder deep: `saved_model.pb`, `variables/…`, `assets/…`, `assets.extra/…`. */
const DEPTH = 2;

/**
 * A text that differs once the content of a version folder has changed (names, sizes, times of change): the sign that
 * a copy has gone on since a load failed. "" for a folder that cannot be read.
 */
export async function folderStamp(directory: string, depth: number = DEPTH): Promise<string> {
  let entries: Dirent[];
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch {
    return "";
  }
  const parts = await Promise.all(
    entries.map(async (entry) => {
      const path = join(directory, entry.name);
      const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
      const inner = entry.isDirectory() && depth > 1 ? await folderStamp(path, depth - 1) : "";
      return `${entry.name}:${size}:${mtimeMs}(${inner})`;
    }),
  );
  return parts.sort().join("|");
}
