import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ROOT } from "../setup/tensorgate.ts";

const SCRIPT = fileURLToPath(new URL("reads-much.mjs", import.meta.url));

/** Of three runs with each of these flags and modules, in turns: on a busy machine V8 comes to fewer. */
function collections(
  ...runs: readonly (readonly [flags: readonly string[], ...module: readonly string[]])[]
): number[] {
  const sums = runs.map(() => 0);
  for (let turn = 0; turn < 3; turn++) {
    for (const [i, [flags, ...module]] of runs.entries()) {
      const printed = execFileSync(process.execPath, [...flags, SCRIPT, ...module], { encoding: "utf8" });
      sums[i] = (sums[i] ?? 0) + Number.parseInt(printed, 10);
    }
  }
  return sums;
}

test("what sockets read has all of the heap collected less often, but as a flag of the user says", () => {
  const module = `${ROOT}dist/cli/let-heap-grow.js`;
  const [before = 0, grown, asTold] = collections([[]], [[], module], [["--heap-growing-percent=10"], module]);
  expect(grown).toBeLessThan(before * 0.75);
  expect(asTold).toBeGreaterThanOrEqual(before * 0.75);
});
