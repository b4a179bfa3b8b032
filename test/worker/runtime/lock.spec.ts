import { readFile, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { withLock } from "../../../worker/runtime/lock.ts";
import { scratch } from "./support.ts";

/** Above the highest process id of any system. */
const NO_PROCESS = 2 ** 30;

describe("the lock", () => {
  test("lets one in at a time", async () => {
    const path = join(await scratch(), "lock");
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise(setImmediate);
      inside--;
    };
    await Promise.all([1, 2, 3].map(() => withLock(path, {}, work)));
    expect(most).toBe(1);
    await expect(stat(path)).rejects.toThrow("ENOENT");
  });

  test("is let go when the work fails", async () => {
    const path = join(await scratch(), "lock");
    const failing = withLock(path, {}, () => Promise.reject(new Error("broke")));
    await expect(failing).rejects.toThrow("broke");
    expect(await withLock(path, {}, async () => "in")).toBe("in");
  });

  for (const { name, owner } of [
    { name: "whose process is gone", owner: JSON.stringify({ id: "a", pid: NO_PROCESS, host: hostname() }) },
    {
      name: "of a former process with this one's number",
      owner: JSON.stringify({ id: "a", pid: process.pid, host: hostname() }),
    },
  ]) {
    test(`is taken from an owner ${name}, at once`, async () => {
      const path = join(await scratch(), "lock");
      await writeFile(path, owner);
      const never = { staleAfterMs: Number.POSITIVE_INFINITY };
      expect(await withLock(path, never, () => readFile(path, "utf8"))).toContain(`"pid":${process.pid}`);
    });
  }

  for (const { name, owner } of [
    { name: "on another host", owner: JSON.stringify({ id: "a", pid: 1, host: "elsewhere" }) },
    { name: "that died before it could write its name", owner: "" },
  ]) {
    test(`is taken from an owner ${name} once it shows no life`, async () => {
      const path = join(await scratch(), "lock");
      await writeFile(path, owner);
      await utimes(path, new Date(), new Date(Date.now() - 60_000));
      expect(await withLock(path, {}, async () => "in")).toBe("in");
    });
  }

  test("is waited for while its owner lives, and the wait can be given up", async () => {
    const path = join(await scratch(), "lock");
    await writeFile(path, JSON.stringify({ id: "a", pid: 1, host: "elsewhere" }));
    const giveUp = new AbortController();
    const waited = withLock(path, { signal: giveUp.signal, onWait: () => giveUp.abort() }, async () => "in");
    await expect(waited).rejects.toMatchObject({ name: "AbortError" });
    expect(await readFile(path, "utf8")).toContain("elsewhere");
  });
});
