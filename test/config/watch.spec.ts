import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfigSource } from "../../config/source.ts";
import { watch } from "../../config/watch.ts";

let folder: string;
let file: string;
let stop: AbortController;
let texts: string[];
let done: Promise<void>;
let wake: () => void = () => {};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watch-"));
  file = join(folder, "config.yaml");
  writeFileSync(file, "first");
  stop = new AbortController();
  texts = [];
});
afterEach(async () => {
  stop.abort();
  await done;
  rmSync(folder, { recursive: true });
});

function seen(text: string): void {
  texts.push(text);
  wake();
}

function start(known: string, intervalMs = 20): void {
  let acted = known;
  const watched = {
    look: async () => {
      const [read] = (await readConfigSource(file)).files;
      return read && "text" in read ? read.text : undefined;
    },
    isSame: Object.is,
    isKnown: (text: string | undefined) => text === undefined || text === acted,
    act: async (text: string | undefined) => {
      acted = text ?? "";
      seen(acted);
    },
  };
  done = watch(watched, { signal: stop.signal, intervalMs });
}

/** Settles at the next call back. */
function nextText(): Promise<string | undefined> {
  return new Promise((resolve) => {
    wake = () => resolve(texts.at(-1));
  });
}

test("notices a rewrite in place, a rename over it and its coming back", async () => {
  start("first");
  let next = nextText();
  writeFileSync(file, "second");
  expect(await next).toBe("second");

  next = nextText();
  writeFileSync(`${file}.new`, "third");
  renameSync(`${file}.new`, file);
  expect(await next).toBe("third");

  next = nextText();
  rmSync(file);
  writeFileSync(file, "fourth");
  expect(await next).toBe("fourth");
  expect(texts).toEqual(["second", "third", "fourth"]);
});

test("notices the swap of a symbolic link above it, as Kubernetes updates mounted files", async () => {
  for (const [name, text] of [
    ["v1", "first"],
    ["v2", "second"],
  ] as const) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "config.yaml"), text);
  }
  symlinkSync("v1", join(folder, "data"));
  rmSync(file);
  symlinkSync(join("data", "config.yaml"), file);

  start("first");
  const next = nextText();
  symlinkSync("v2", join(folder, "data.new"));
  renameSync(join(folder, "data.new"), join(folder, "data"));
  expect(await next).toBe("second");
});

test("is not called for a touch, and for a change that was made before it began", async () => {
  start("zeroth");
  expect(await nextText()).toBe("first");
  const next = nextText();
  utimesSync(file, new Date(), new Date());
  writeFileSync(file, "first");
  setTimeout(() => writeFileSync(file, "last"), 100);
  expect(await next).toBe("last");
  expect(texts).toEqual(["first", "last"]);
});

test("waits until a file stays as it is", async () => {
  start("first", 100);
  const next = nextText();
  let parts = 0;
  const growing = setInterval(() => {
    parts += 1;
    writeFileSync(file, "part ".repeat(parts));
    if (parts === 30) clearInterval(growing);
  }, 10);
  expect(await next).toBe("part ".repeat(30));
});

test("looks twice also at what it knew, if something else was taken meanwhile", async () => {
  let known = "first";
  let looks = 0;
  const actedAt = new Promise<number>((resolve) => {
    const watched = {
      look: async () => {
        // A reload on demand has taken another text, and the file has its first one again.
        if (++looks === 2) known = "second";
        return "first";
      },
      isSame: Object.is,
      isKnown: (text: string) => text === known,
      act: async (text: string) => {
        known = text;
        resolve(looks);
      },
    };
    done = watch(watched, { signal: stop.signal, intervalMs: 1 });
  });
  expect(await actedAt).toBe(3);
});
