import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The kernel takes 107 bytes (`sun_path`), some systems less. */
const MAX_PATH_BYTES = 99;
const LONGEST_NAME = "w9999-999999.sock";

/** A folder for the workers' Unix sockets that only this user can enter. The creator removes it. */
export interface SocketFolder {
  /** A path that is used once. */
  next(index: number): string;
  remove(path: string): void;
  removeAll(): void;
}

export function createSocketFolder(parent: string = tmpdir()): SocketFolder {
  // A long TMPDIR would make paths that no socket can be bound to.
  const fits = Buffer.byteLength(join(parent, "tensorgate-XXXXXX", LONGEST_NAME)) <= MAX_PATH_BYTES;
  const folder = mkdtempSync(join(fits ? parent : "/tmp", "tensorgate-"));
  let count = 0;
  return {
    next: (index) => join(folder, `w${index}-${count++}.sock`),
    remove: (path) => rmSync(path, { force: true }),
    removeAll: () => rmSync(folder, { recursive: true, force: true }),
  };
}
