import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let root: string | undefined;

/** A new folder that is removed when this process ends. */
export function scratchFolder(): string {
  if (root === undefined) {
    const made = mkdtempSync(join(tmpdir(), "tensorgate-bench-"));
    process.on("exit", () => rmSync(made, { recursive: true, force: true }));
    root = made;
  }
  return mkdtempSync(join(root, "f"));
}
