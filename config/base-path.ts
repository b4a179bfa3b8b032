import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

/** Why a base path cannot be served, when it names something that is no local folder. */
export function cloudPathProblem(path: string): string | undefined {
  const scheme = SCHEME.exec(path)?.[1]?.toLowerCase();
  if (scheme === undefined || scheme === "file") return undefined;
  return `${scheme}:// paths are not supported: mount the bucket or sync it to a local folder, and name that ("${path}")`;
}

/** The absolute form of a base path; `file://` URLs are local paths too. None ("") stays none. */
export function absolutePath(path: string, folder: string): string {
  if (path === "") return path;
  return SCHEME.test(path) ? fileURLToPath(path) : resolve(folder, path);
}
