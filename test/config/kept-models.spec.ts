import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ConfigError, loadSettings, parseFlags, type Settings, servedConfig } from "../../config/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorgate-kept-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (): string => join(folder, "config.yaml");
const load = (): Promise<Settings> => loadSettings(parseFlags([`--config=${file()}`], "serve"));

async function problemsOf(text: string): Promise<readonly string[]> {
  writeFileSync(file(), text);
  const error: unknown = await load().catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) return [];
  return error.problems.map(({ path, message }) => `${path}: ${message}`);
}

function keep(kept: unknown, state = ".tensorgate/config.yaml"): void {
  mkdirSync(join(folder, state), { recursive: true });
  writeFileSync(join(folder, state, "models.json"), typeof kept === "string" ? kept : JSON.stringify(kept));
}

const NEXT = { name: "next", path: "/next", labels: { stable: 3 } };
const MODELS = "models: [{ name: m, path: m }]";
const routeTo = (target: string): string => `${MODELS}\nroutes: [{ match: { model: m }, to: [${target}] }]`;

test("a route may name a model that was added, and its labels", async () => {
  keep([NEXT]);
  expect(await problemsOf(routeTo("{ model: next, label: stable }"))).toEqual([]);
  expect(
    await problemsOf(`${MODELS}\nroutes: [{ match: { model: next, label: stable }, to: [{ version: 3 }] }]`),
  ).toEqual([]);
  expect(await problemsOf(routeTo("{ model: next, label: stabel }"))).toEqual([
    'routes[0].to[0].label: model "next" has no label "stabel" (did you mean "stable"?)',
  ]);
  expect(await problemsOf(routeTo("{ model: nxt }"))).toEqual([
    'routes[0].to[0].model: no model is called "nxt" (did you mean "next"?)',
  ]);
});

test("the state folder is looked for where the file says, also in a file that is wrong elsewhere", async () => {
  keep([NEXT], "elsewhere");
  expect(await problemsOf(`${routeTo("{ model: next }")}\nstate: { folder: elsewhere }`)).toEqual([]);
  expect(await problemsOf(`${routeTo("{ model: next }")}\nstate: { folder: elsewhere }\nbatchng: off`)).toEqual([
    'batchng: unknown key (did you mean "batching"?)',
  ]);
});

test("of two models of one name a route means the file's", async () => {
  keep([{ ...NEXT, name: "m" }]);
  expect(await problemsOf(routeTo("{ label: stable }"))).toEqual([
    'routes[0].to[0].label: model "m" has no label "stable"',
  ]);
  await expect(problemsOf(MODELS)).resolves.toEqual([]);
  expect(servedConfig(await load()).models).toMatchObject([{ name: "m", path: join(folder, "m") }]);
});

test("an unknown model is told to be added first where it can be", async () => {
  const text = routeTo("{ model: unheard }");
  expect(await problemsOf(text)).toEqual(['routes[0].to[0].model: no model is called "unheard"']);
  expect(await problemsOf(`${text}\nadmin: { enabled: true }`)).toEqual([
    'routes[0].to[0].model: no model is called "unheard"; one of the admin API is added before routes name it',
  ]);
});

test("a start that is refused tells what was wrong with the models that were kept", async () => {
  keep("[{");
  const text = routeTo("{ model: next }");
  expect(await problemsOf(text)).toEqual([
    'routes[0].to[0].model: no model is called "next"',
    expect.stringContaining(": cannot be read: "),
  ]);
  keep({ models: [NEXT] });
  expect((await problemsOf(text))[1]).toBe(": is no list of models");
  keep([{ ...NEXT, speed: 1 }]);
  expect((await problemsOf(text))[1]).toBe('model "next" speed: unknown key');
  // Which keeps nothing else from being served.
  expect(await problemsOf(MODELS)).toEqual([]);
});

test("a pool that loads models is no target for one that was added without a path", async () => {
  keep([{ name: "next", pool: "theirs" }]);
  const pools =
    "pools: [{ name: theirs, kind: tensorflow-serving, endpoints: [h:1] }, { name: ours, endpoints: [h:2] }]";
  expect(await problemsOf(`${routeTo("{ model: next, pool: ours }")}\n${pools}`)).toEqual([
    'routes[0].to[0].pool: model "next" has no path, which pool "ours" needs to load it',
  ]);
});
