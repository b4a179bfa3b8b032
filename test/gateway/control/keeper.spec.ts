import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Config, loadSettings, type ModelConfig, parseFlags, parseModelText } from "../../../config/index.ts";
import { Keeper, remoteControl, replyTo } from "../../../gateway/control/index.ts";
import { createStateFolder } from "../../../gateway/state/index.ts";
import { memoryLog } from "../setup/log.ts";

let folder: string;
let ended: AbortController;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorgate-keeper-"));
  ended = new AbortController();
});
afterEach(() => {
  ended.abort();
  rmSync(folder, { recursive: true });
});

const FILE = "models: [{ name: a, path: a }, { name: b, path: b }]";
const ROUTES = `
routes:
  - name: grow
    match: { model: a }
    split: [{ name: old, version: 1, weight: 1 }, { name: new, version: 2 }]
    ramp: { arm: new, steps: [{ percent: 10%, for: 1h }, { percent: 50% }] }`;

function write(text: string): void {
  writeFileSync(join(folder, "config.yaml"), text);
}

/** Keeps what the file says; `applied` are the configurations that a gateway was given. */
async function keep(text?: string): Promise<{ keeper: Keeper; applied: Config[]; messages: () => string[] }> {
  if (text !== undefined) write(text);
  const settings = await loadSettings(parseFlags([`--config=${join(folder, "config.yaml")}`], "serve"));
  const { log, lines } = memoryLog();
  const keeper = new Keeper({ settings, state: createStateFolder(settings.config.state.folder, log), log });
  void keeper.follow(ended.signal);
  const applied: Config[] = [];
  const apply = async (config: Config): Promise<void> => void applied.push(config);
  await keeper.drive({ apply, report: async () => undefined, samples: async () => [] }, keeper.config);
  return { keeper, applied, messages: () => lines.map(({ msg = "" }) => msg) };
}

const names = (config: Config | undefined): string[] => config?.models.map(({ name }) => name) ?? [];
const model = (name: string): string => JSON.stringify({ name, path: `/${name}` });
const models = (...list: string[]): ModelConfig[] => list.map((name) => parseModelText(model(name), "", "/"));

test("a reload over gRPC, an added model and a ramp don't undo each other; reading the files undoes the first", async () => {
  const { keeper, applied } = await keep(FILE + ROUTES);
  await keeper.replaceModels(models("a", "c"), []);
  await keeper.addModel(model("d"), 0);
  await keeper.ramp("grow", "rollBack");
  expect(names(applied.at(-1))).toEqual(["a", "c", "d"]);
  expect(applied.at(-1)?.routes[0]?.action).toMatchObject({ arms: [{ weight: 100 }, { weight: 0 }] });
  expect((await keeper.models()).map(({ model: { name }, origin }) => `${name} ${origin}`)).toEqual([
    "a reload",
    "c reload",
    "d admin",
  ]);

  expect(await keeper.reload("signal")).toMatchObject({ result: "applied", by: "signal" });
  expect(names(applied.at(-1))).toEqual(["a", "b", "d"]);
  expect(applied.at(-1)?.routes[0]?.action).toMatchObject({ arms: [{ weight: 100 }, { weight: 0 }] });
});

test("a ramp's weights are no change of the configuration", async () => {
  const { keeper } = await keep(FILE + ROUTES);
  const { fingerprint } = await keeper.facts();
  await keeper.ramp("grow", "rollBack");
  expect(await keeper.reload("admin")).toMatchObject({ result: "unchanged", fingerprint });
});

test("nothing is applied for files that say the same, and nothing for wrong ones", async () => {
  const { keeper, applied } = await keep(FILE);
  write(`# The same\n${FILE}`);
  expect((await keeper.reload("admin")).result).toBe("unchanged");
  write("models: [{ nme: a }]");
  const refused = await keeper.reload("admin");
  expect(refused.result).toBe("refused");
  expect(refused.errors[0]).toMatch(/config\.yaml:1:\d+ models\[0\]/);
  expect(await keeper.facts()).toMatchObject({ refused: refused.errors.length });
  expect(applied).toEqual([]);
  write(FILE);
  await keeper.reload("admin");
  expect(await keeper.facts()).toMatchObject({ refused: 0 });
});

test("what changes before the gateway can take it over is applied as soon as it can", async () => {
  write(FILE);
  const settings = await loadSettings(parseFlags([`--config=${join(folder, "config.yaml")}`], "serve"));
  const { log } = memoryLog();
  const keeper = new Keeper({ settings, state: createStateFolder(undefined, log), log });
  await expect(keeper.reload("signal")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  const started = keeper.config;
  await keeper.replaceModels(models("c"), []);
  const applied: Config[] = [];
  const apply = async (config: Config): Promise<void> => void applied.push(config);
  await keeper.drive({ apply, report: async () => undefined, samples: async () => [] }, started);
  expect(applied.map(names)).toEqual([["c"]]);
});

test("an added model gives way to one of the files by its name, and comes back", async () => {
  const first = await keep(FILE);
  await first.keeper.addModel(model("c"), 0);
  write(FILE.replace("b, path: b", "c, path: elsewhere"));
  ended.abort();
  ended = new AbortController();
  const { keeper, applied, messages } = await keep();
  expect(keeper.config.models).toMatchObject([{ name: "a" }, { name: "c", path: join(folder, "elsewhere") }]);
  expect(messages()).toEqual([expect.stringContaining("served in place of the one added")]);
  await expect(keeper.putModel("c", model("c"), 0)).rejects.toMatchObject({ code: "ABORTED" });
  write(FILE);
  await keeper.reload("admin");
  expect(names(applied.at(-1))).toEqual(["a", "b", "c"]);
  expect(applied.at(-1)?.models[2]?.path).toBe("/c");
});

test("what was kept and is no model any more is told, and keeps nothing else from being served", async () => {
  const { keeper } = await keep(FILE);
  await keeper.addModel(model("c"), 0);
  const file = join(folder, ".tensorgate/config.yaml/models.json");
  writeFileSync(
    file,
    JSON.stringify([
      { name: "old", path: "/old", speed: "high" },
      { name: "c", path: "/c" },
    ]),
  );
  const again = await keep();
  expect(names(again.keeper.config)).toEqual(["a", "b", "c"]);
  expect(again.messages()[0]).toContain("speed: unknown key");
});

test("another process asks the same, and is told the same errors", async () => {
  const { keeper, messages } = await keep(FILE);
  const { log } = memoryLog();
  const remote = remoteControl(async (question) =>
    structuredClone(await replyTo(keeper, structuredClone(question), log)),
  );
  expect(await remote.facts()).toEqual(await keeper.facts());
  expect(await remote.status()).toEqual(await keeper.status());
  await expect(remote.removeModel("nobody")).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: 'no model is called "nobody"',
  });
  await expect(remote.removeModel("a")).rejects.toMatchObject({ code: "ABORTED" });
  await remote.replaceModels(models("x"), []);
  expect(names(keeper.config)).toEqual(["x"]);
  expect(messages()).toEqual([]);
});
