import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ROOT } from "../setup/tensorgate.ts";

const SCRIPT = fileURLToPath(new URL("reads-much.mjs", import.meta.url));

function collections(flags: readonly string[], ...module: readonly string[]): number {
  return Number.parseInt(execFileSync(process.execPath, [...flags, SCRIPT, ...module], { encoding: "utf8" }), 10);
}

test("what sockets read has all of the heap collected less often, but as a flag of the user says", () => {
  const module = `${ROOT}dist/cli/let-heap-grow.js`;
  const before = collections([]);
  expect(collections([], module)).toBeLessThan(before * 0.7);
  expect(collections(["--heap-growing-percent=10"], module)).toBeGreaterThanOrEqual(before * 0.7);
});
