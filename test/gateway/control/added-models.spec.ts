import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseModelText } from "../../../config/index.ts";
import { AddedModels } from "../../../gateway/control/added-models.ts";
import { createStateFolder } from "../../../gateway/state/index.ts";
import { memoryLog } from "../setup/log.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorgate-added-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(kept?: unknown): { models: AddedModels; names: readonly string[]; errors: () => readonly string[] } {
  if (kept !== undefined) writeFileSync(join(folder, "models.json"), JSON.stringify(kept));
  const { log, lines } = memoryLog();
  const models = new AddedModels(createStateFolder(folder, log), log);
  return { models, names: models.all.map(({ name }) => name), errors: () => lines.map(({ msg = "" }) => msg) };
}

const written = (): unknown => JSON.parse(readFileSync(join(folder, "models.json"), "utf8"));
const model = (name: string) => parseModelText(JSON.stringify({ name, path: `/${name}` }), "", "/");

test("models that were added are there again", () => {
  const { names, errors } = read([{ name: "m", path: "/m" }]);
  expect([names, errors()]).toEqual([["m"], []]);
  rmSync(join(folder, "models.json"));
  expect(read().names).toEqual([]);
});

const NEWER = { name: "m", path: "/m", speed: "high" };

test("an entry that is no model to this version is told and stays in the file, until its name is set or deleted", () => {
  const { names, errors, models } = read([NEWER, { name: "n", path: "/n" }, 7]);
  expect(names).toEqual(["n"]);
  expect(errors()).toEqual([
    `a model that was added is not served any more:\n${join(folder, "models.json")} model "m" speed: unknown key`,
    expect.stringContaining("a model without a name: expected a mapping of settings"),
  ]);
  models.set(model("o"));
  expect(written()).toMatchObject([{ name: "n" }, { name: "o" }, NEWER, 7]);
  expect([models.has("m"), models.get("m")]).toEqual([true, undefined]);
  models.delete("m");
  expect(models.has("m")).toBe(false);
  expect(written()).toMatchObject([{ name: "n" }, { name: "o" }, 7]);
});

test("a file of another form is put aside whole, for the version that has written it", () => {
  const { models, names, errors } = read({ form: 2, models: [NEWER] });
  expect(names).toEqual([]);
  expect(errors()).toEqual([expect.stringContaining("models.json cannot be read")]);
  models.set(model("o"));
  expect(JSON.parse(readFileSync(join(folder, "models.json.unreadable"), "utf8"))).toEqual({
    form: 2,
    models: [NEWER],
  });
});

test("whether a restart finds what was set is known", () => {
  const { models } = read();
  models.set(model("a"));
  expect(models.isKept).toBe(true);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "");
  models.set(model("b"));
  expect(models.isKept).toBe(false);
  rmSync(folder);
  mkdirSync(folder);
  models.delete("a");
  expect(models.isKept).toBe(true);
  expect(written()).toMatchObject([{ name: "b" }]);
});
