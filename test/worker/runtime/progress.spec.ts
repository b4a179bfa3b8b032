import { expect, test } from "vitest";
import { lines } from "../../../worker/runtime/progress.ts";

test("where there is no terminal a transfer is told in tenths, each once", () => {
  const said: string[] = [];
  const progress = lines((line) => said.push(line));
  progress.start("download", 200e6);
  for (const bytes of [1e6, 21e6, 22e6, 90e6, 200e6, 200e6]) progress.at(bytes);
  progress.end();
  expect(said).toEqual([
    "download: 200 MB",
    "download: 10% of 200 MB",
    "download: 40% of 200 MB",
    "download: 100% of 200 MB",
  ]);
});
