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
async function keep(
  text?: string,
  ...flags: string[]
): Promise<{ keeper: Keeper; applied: Config[]; messages: () => string[] }> {
  if (text !== undefined) write(text);
  const settings = await loadSettings(parseFlags([`--config=${join(folder, "config.yaml")}`, ...flags], "serve"));
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
  await expect(remote.removeModel("a")).rejects.toMatchObject({ code: "ABORTED", origin: "client" });
  await remote.replaceModels(models("x"), []);
  expect(names(keeper.config)).toEqual(["x"]);
  expect(messages()).toEqual([]);
});

const NAMING = `${FILE}
admin: { enabled: true }
routes:
  - { name: canary, match: { model: a }, to: [{ model: c, label: stable }] }
  - { name: old, match: { model: c, label: stable }, to: [{ model: a }] }`;

const labelled = (...labels: string[]): string =>
  JSON.stringify({ name: "c", path: "/c", labels: Object.fromEntries(labels.map((label) => [label, 1])) });

const refusal = (why: string): object => ({ code: "ABORTED", message: expect.stringContaining(why) });

test("a route of a file may name an added model, which then stays until no route names it", async () => {
  const { keeper } = await keep(FILE);
  write(NAMING);
  const early = await keeper.reload("admin");
  expect(early.errors).toEqual([
    expect.stringContaining(
      'no model is called "c" (did you mean "a"?); one of the admin API is added before routes name it',
    ),
  ]);
  await keeper.addModel(labelled("stable", "other"), 0);
  expect((await keeper.reload("admin")).result).toBe("applied");

  await expect(keeper.removeModel("c")).rejects.toMatchObject(
    refusal(`route "canary" (${join(folder, "config.yaml")}:4:5) names it`),
  );
  await expect(keeper.putModel("c", labelled("other"), 0)).rejects.toMatchObject(refusal('route "canary"'));
  await keeper.putModel("c", labelled("stable"), 0);

  // So it is known at the next start.
  ended.abort();
  ended = new AbortController();
  const again = await keep();
  expect(again.keeper.config.routes).toHaveLength(2);
  write(NAMING.replace("c, label: stable }] }", "b }] }"));
  await again.keeper.reload("admin");
  await expect(again.keeper.putModel("c", labelled("other"), 0)).rejects.toMatchObject(
    refusal('route "old" (' + join(folder, "config.yaml") + ':5:5) names its label "stable"'),
  );
  await again.keeper.removeModel("c");
  expect(names(again.applied.at(-1))).toEqual(["a", "b"]);
});

test("one that a model of the files hides may go though a route names it", async () => {
  const { keeper } = await keep(FILE);
  await keeper.addModel(model("c"), 0);
  write(`${FILE.replace("name: b", "name: c")}\nroutes: [{ match: { model: a }, to: [{ model: c }] }]`);
  expect((await keeper.reload("admin")).result).toBe("applied");
  await keeper.removeModel("c");
  expect(await keeper.models()).toHaveLength(2);
});

const POOLS = `${FILE}\npools: [{ name: gpu, endpoints: [127.0.0.1:1] }]`;

test("an added model whose pool is gone is told once, stays, and may be removed or moved", async () => {
  const { keeper, applied, messages } = await keep(POOLS);
  for (const name of ["c", "d"]) await keeper.addModel(JSON.stringify({ name, path: `/${name}`, pool: "gpu" }), 0);
  write(`${FILE}\nroutes: []`);
  expect((await keeper.reload("admin")).result).toBe("applied");
  await keeper.reload("admin");
  const told = messages().filter((message) => message.includes('cannot be served any more: no pool is called "gpu"'));
  expect(told).toHaveLength(2);
  expect(names(applied.at(-1))).toEqual(["a", "b", "c", "d"]);
  await keeper.removeModel("c");
  await keeper.putModel("d", model("d"), 0);
  expect(applied.at(-1)?.models.at(-1)).toMatchObject({ name: "d", pool: undefined });

  await expect(keeper.addModel(JSON.stringify({ name: "e", path: "/e", pool: "gpu" }), 0)).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
});

test("an entry that was kept and is no model shows its problem, and may be removed or replaced", async () => {
  const { keeper } = await keep(FILE);
  await keeper.addModel(model("c"), 0);
  const unusable = ["d", "e"].map((name) => ({ name, path: `/${name}`, speed: "high" }));
  writeFileSync(join(folder, ".tensorgate/config.yaml/models.json"), JSON.stringify(unusable));
  ended.abort();
  ended = new AbortController();
  const { keeper: again } = await keep();
  expect((await again.models()).slice(2)).toEqual([
    { model: unusable[0], origin: "admin", shadowed: false, problem: 'model "d" speed: unknown key' },
    { model: unusable[1], origin: "admin", shadowed: false, problem: 'model "e" speed: unknown key' },
  ]);
  await again.removeModel("d");
  await again.putModel("e", model("e"), 0);
  expect((await again.models()).slice(2)).toMatchObject([{ model: { name: "e", path: "/e" } }]);
});

test("a flag that turns batching off does so for added models with bounds of their own", async () => {
  const { keeper, applied } = await keep(FILE, "--enable_batching=false");
  await keeper.addModel(JSON.stringify({ name: "c", path: "/c", batching: { maxRows: 8 } }), 0);
  expect(applied.at(-1)?.models.map(({ batching }) => batching)).toEqual(["off", "off", "off"]);
});
