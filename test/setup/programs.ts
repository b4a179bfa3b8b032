import { spawnSync } from "node:child_process";
import { test } from "vitest";

/**
 * `test`, for a suite that needs a program besides Node and Python. Where it isn't found the suite is left out, and the
 * run says so; with `CI` set it fails instead, since there everything is installed.
 */
export function testWith(program: string): typeof test {
  const found = spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
  if (!found && process.env["CI"] === undefined) {
    console.warn(`left out: a suite that needs ${program}, which is not installed`);
    return test.skip as typeof test;
  }
  return test;
}
