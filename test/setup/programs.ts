import { spawnSync } from "node:child_process";
import { test } from "vitest";

/**
 * `test`, for a suite that needs programs besides Node and Python. Where one isn't found the suite is left out, and the
 * run says so; with `CI` set it fails instead, since there everything is installed.
 */
export function testWith(...programs: readonly string[]): typeof test {
  const missing = programs.filter((program) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0);
  if (missing.length > 0 && process.env["CI"] === undefined) {
    console.warn(`left out: a suite that needs ${missing.join(" and ")}, which is not installed`);
    return test.skip as typeof test;
  }
  return test;
}
