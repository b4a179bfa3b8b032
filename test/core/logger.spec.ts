import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { ROOT } from "../setup/tensorgate.ts";

/** Runs `script`, which has a logger `log`, in a process of its own; its lines with the time at which each has come. */
async function lines(script: string): Promise<readonly { readonly msg: string; readonly atMs: number }[]> {
  const made = `const { createBusyLogger } = await import("${ROOT}/dist/core/index.js"); const log = createBusyLogger("test");`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", made + script], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const seen: { msg: string; atMs: number }[] = [];
  const reader = createInterface(child.stderr).on("line", (line) => {
    seen.push({ msg: (JSON.parse(line) as { msg: string }).msg, atMs: performance.now() });
  });
  await once(reader, "close");
  return seen;
}

test("a line that lingers comes by itself, in order", async () => {
  const [one, two, last] = await lines(`
    log.info("one"); log.info("two");
    setTimeout(() => log.info("last"), 700);`);
  expect([one?.msg, two?.msg, last?.msg]).toEqual(["one", "two", "last"]);
  expect((last?.atMs ?? 0) - (one?.atMs ?? 0)).toBeGreaterThan(300);
});

test("a warning is written at once, behind the lines that waited", async () => {
  expect(await lines(`log.info("one"); log.warn("two"); process.kill(process.pid, "SIGKILL");`)).toMatchObject([
    { msg: "one" },
    { msg: "two" },
  ]);
});

for (const end of ["process.exit(0)", "throw new Error()"]) {
  test(`no line is lost at the end: ${end}`, async () => {
    const seen = await lines(`
      process.on("uncaughtException", () => process.exit(1));
      for (let i = 0; i < 1000; i++) log.info("line " + i);
      ${end};`);
    expect(seen.map(({ msg }) => msg)).toEqual(Array.from({ length: 1000 }, (_, i) => `line ${i}`));
  });
}
