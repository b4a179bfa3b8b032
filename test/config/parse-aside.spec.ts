import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../config/load.ts";
import { parseAside } from "../../config/parse-aside.ts";
import { ReferenceValues } from "../../config/references.ts";
import type { ConfigSource } from "../../config/source.ts";

const MODELS = 500;

/** Two files, long enough for a thread; `change` is applied to the second one. */
function long(change: (text: string) => string = (text) => text): ConfigSource {
  const numbers = Array.from({ length: MODELS }, (_, i) => i);
  const models = numbers.map((i) => `  - { name: m${i}, path: models/${i}, labels: { stable: ${i + 1} } }\n`);
  const routes = numbers.map((i) => `  - name: r${i}\n    match: { model: m${i} }\n    to: [{ label: stable }]\n`);
  return {
    path: "/etc/gate",
    isFolder: true,
    files: [
      { file: "/etc/gate/a.yaml", text: `models:\n${models.join("")}` },
      { file: "/etc/gate/b.yaml", text: change(`routes:\n${routes.join("")}`) },
    ],
  };
}

const BEFORE = parseConfig(long());

test("a long configuration is the one that is parsed at once", async () => {
  expect(await parseAside(long(), {}, BEFORE)).toEqual(BEFORE);
});

test("meanwhile the event loop has many turns", async () => {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await parseAside(long(), {}, BEFORE);
  isDone = true;
  expect(turns).toBeGreaterThan(10);
});

test("models and routes that have not changed stay the same objects", async () => {
  const changed = await parseAside(
    long((text) => text.replace("match: { model: m7 }", "match: { model: m7, signature: s }")),
    {},
    BEFORE,
  );
  expect(changed.models.every((model, i) => model === BEFORE.models[i])).toBe(true);
  expect(changed.routes.flatMap((route, i) => (route === BEFORE.routes[i] ? [] : i))).toEqual([7]);
  expect(changed.routes[7]?.match.signature).toEqual({ by: "exact", value: "s" });
});

test("what is wrong is told with its place, as when it is parsed at once", async () => {
  const wrong = long((text) => text.replace("model: m7 }", "modl: m7 }").replace("label: stable", "label: stabel"));
  const told = (): unknown => {
    try {
      return parseConfig(wrong);
    } catch (thrown) {
      return thrown;
    }
  };
  const error = told();
  expect(String(error)).toContain("/etc/gate/b.yaml:");
  await expect(parseAside(wrong, {}, BEFORE)).rejects.toEqual(error);
});

test("references get their values from what was looked at, and files that are new to it are told", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tensorgate-aside-"));
  const [known, fresh] = [join(folder, "known"), join(folder, "fresh")];
  await writeFile(known, "of another moment");
  await writeFile(fresh, "r9-new\n");
  const source = long((text) =>
    text.replace("name: r8\n", `name: \${file:${known}}\n`).replace("name: r9\n", `name: \${file:${fresh}}\n`),
  );
  const references = new ReferenceValues([{ file: known, text: "r8-new" }]);
  const { routes } = await parseAside(source, { references }, BEFORE);
  expect([routes[8]?.name, routes[9]?.name]).toEqual(["r8-new", "r9-new"]);
  expect(references.files).toEqual([
    { file: known, text: "r8-new" },
    { file: fresh, text: "r9-new" },
  ]);
});

test("models from elsewhere stand in place of the files' own", async () => {
  const models = BEFORE.models.slice(0, 1);
  const withOne = { ...long(), files: long((text) => text.replace(/ {2}- name: r1\n[^]*/, "# ".repeat(20_000))).files };
  const { models: served, routes } = await parseAside(withOne, { models }, BEFORE);
  expect(served).toBe(models);
  expect(routes.map(({ name }) => name)).toEqual(["r0"]);
});
