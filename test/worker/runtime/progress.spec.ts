import { expect, test } from "vitest";
import { bar, lines } from "../../../worker/runtime/progress.ts";

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

test("on a terminal a transfer is one line, drawn anew for each per cent", () => {
  const written: string[] = [];
  const progress = bar((text) => written.push(text));
  progress.start("download", 200e6);
  for (const bytes of [1e6, 101e6, 101.5e6, 200e6]) progress.at(bytes);
  progress.end();
  expect(written).toEqual([
    `\r\x1b[Kdownload ${"░".repeat(30)} 0% of 200 MB`,
    `\r\x1b[Kdownload ${"█".repeat(15)}${"░".repeat(15)} 50% of 200 MB`,
    `\r\x1b[Kdownload ${"█".repeat(30)} 100% of 200 MB`,
    "\n",
  ]);
});
