import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  ConfigError,
  loadSettings,
  parseFlags,
  restartParts,
  type Settings,
  watchSettings,
} from "../../config/index.ts";
import { follow } from "./follow.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "settings-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function serve(...argv: string[]): Promise<Settings> {
  return loadSettings(parseFlags(argv, "serve"));
}

async function folderOf(...argv: string[]): Promise<string | undefined> {
  return (await serve(...argv)).config.state.folder;
}

const names = ({ config }: Settings): string[] => config.models.map(({ name }) => name);
const list = (name: string): string =>
  `model_config_list { config { name: "${name}" base_path: "/${name}" model_platform: "tensorflow" } }`;

test("without --config and without a flag that names models, the examples are served", async () => {
  const settings = await serve("--workers=3");
  expect(names(settings)).toContain("half_plus_two");
  expect(settings.config.workers.count).toBe(3);
  expect(settings.modelsFrom).toMatch(/config\/default\.yaml$/);
});

test("with a flag that names models, they are all there is", async () => {
  const settings = await serve("--model_base_path=/m", "--model_name=m");
  expect(names(settings)).toEqual(["m"]);
  expect(settings.config.server).toMatchObject({ grpc: { port: 8500 }, rest: { port: 8501 } });
  expect(settings.modelsFrom).toBe("--model_base_path");
});

test("what is kept stands beside the config file, by its name, or where the file says; nowhere without one", async () => {
  const models = "models: [{ name: m, path: m }]";
  expect(await folderOf(`--config=${write("a.yaml", models)}`)).toBe(join(folder, ".tensorgate/a.yaml"));
  expect(await folderOf(`--config=${write("b.yaml", `${models}\nstate: { folder: kept }`)}`)).toBe(
    join(folder, "kept"),
  );
  expect(await folderOf("--model_base_path=/m")).toBeUndefined();
  expect(await folderOf()).toBeUndefined();
});

test("--model_config_file makes the flags of one model ignored", async () => {
  const file = write("models.config", list("listed"));
  const settings = await serve("--model_base_path=/m", "--model_name=m", `--model_config_file=${file}`);
  expect(names(settings)).toEqual(["listed"]);
  expect(settings.modelsFrom).toBe(file);
});

test("flags win over the file, its routes stay and are checked against the flags' models", async () => {
  const text = `server: { host: "::1", rest: { port: 1, timeout: 1s } }
models: [{ name: m, path: m }]
routes: [{ match: { model: m }, to: [{ version: 1 }] }]`;
  const file = write("config.yaml", text);
  const { config } = await serve(`--config=${file}`, "--rest_api_port=2", "--model_base_path=/x", "--model_name=m");
  expect(config.server).toMatchObject({ host: "::1", rest: { port: 2, timeoutMs: 1000 } });
  expect(config.models[0]?.path).toBe("/x");
  expect(config.routes).toHaveLength(1);
  await expect(serve(`--config=${file}`, "--model_base_path=/x")).rejects.toThrow(
    'config.yaml:3:28 routes[0].match.model: no model is called "m"',
  );
});

test("the monitoring file adds a path for metrics", async () => {
  const file = write("monitoring.config", 'prometheus_config { enable: true path: "/prom" }');
  const { config } = await serve("--model_base_path=/m", `--monitoring_config_file=${file}`);
  expect(config.server.monitoring.path).toBe("/prom");
});

test("one port for both is gRPC's, and said", async () => {
  const { config, notes } = await serve("--model_base_path=/m", "--port=8501");
  expect(config.server).toMatchObject({ grpc: { port: 8501 }, rest: { port: undefined } });
  expect(notes).toEqual(["REST is off: its port 8501 is the gRPC port"]);
});

test("a file that is not there is named", async () => {
  await expect(serve("--config=/no/such.yaml")).rejects.toThrow("/no/such.yaml: no such file");
  await expect(serve("--model_config_file=/no/such")).rejects.toThrow("/no/such: no such file");
  await expect(serve("--model_base_path=/m", "--monitoring_config_file=/no")).rejects.toThrow("/no: no such file");
});

test("a worker may start without models, for a gateway to tell", async () => {
  expect((await loadSettings(parseFlags([], "worker"))).config.models).toEqual([]);
  const { config } = await loadSettings(parseFlags(["--model_base_path=/m"], "worker"));
  expect(config.server.rest.port).toBeUndefined();
});

test("tells which parts need a restart", async () => {
  const { config } = await serve("--model_base_path=/m");
  const other = await serve("--model_base_path=/n", "--workers=7");
  expect(restartParts(config, other.config)).toEqual(["workers"]);
  expect(restartParts(config, (await serve("--model_base_path=/n")).config)).toEqual([]);
});

test("a changed configuration comes with the flags over it, a wrong one is refused and the next good one taken", async () => {
  const file = write("config.yaml", "models: [{ name: a, path: /a }]");
  await using follower = follow(await serve(`--config=${file}`, "--workers=5"));

  write("config.yaml", "models: [{ name: b, path: /b }]");
  const changed = (await follower.next()) as Settings;
  expect([names(changed), changed.config.workers.count]).toEqual([["b"], 5]);

  write("config.yaml", "models: [{ name: b }]");
  expect(await follower.next()).toBeInstanceOf(ConfigError);

  write("config.yaml", "models: [{ name: b, path: /b }, { name: c, path: /c }]");
  expect(names((await follower.next()) as Settings)).toEqual(["b", "c"]);
});

test("a model list is read again as its poll flag says, beside a watched configuration", async () => {
  const config = write("config.yaml", "models: []");
  const models = write("models.config", list("a"));
  const poll = "--model_config_file_poll_wait_seconds=1";
  await using follower = follow(await serve(`--config=${config}`, `--model_config_file=${models}`, poll));

  write("models.config", list("b"));
  expect(names((await follower.next()) as Settings)).toEqual(["b"]);

  // A change of the other file finds the models that were read last.
  write("config.yaml", "models: []\nresilience: { timeout: 1s }");
  const changed = (await follower.next()) as Settings;
  expect([names(changed), changed.config.resilience.timeoutMs]).toEqual([["b"], 1000]);
});

test("a model list without a poll flag is never read again, and an emptied one changes nothing", async () => {
  const config = write("config.yaml", "models: []");
  const models = write("models.config", list("a"));
  await using unpolled = follow(await serve(`--config=${config}`, `--model_config_file=${models}`));
  const { sources, ...settings } = await serve(`--model_config_file=${models}`);
  const flags = { ...sources.flags, modelConfigPollMs: 10 };
  await using polled = follow({ ...settings, sources: { ...sources, flags } });

  write("models.config", "");
  await new Promise((resolve) => setTimeout(resolve, 300)); // nothing is to happen: time enough for many looks
  write("models.config", list("b"));
  expect(names((await polled.next()) as Settings)).toEqual(["b"]);

  write("config.yaml", "models: []\nresilience: { timeout: 1s }");
  expect(names((await unpolled.next()) as Settings)).toEqual(["a"]);
});

test("a reload on demand reads everything anew, and applies it although nothing has changed", async () => {
  const file = write("config.yaml", "models: [{ name: a, path: /a }]");
  await using follower = follow(await serve(`--config=${file}`));
  expect(await follower.reload("signal")).toMatchObject({
    is: "applied",
    settings: { config: { models: [{ name: "a" }] } },
  });
  expect(names((await follower.next()) as Settings)).toEqual(["a"]);

  write("config.yaml", "models: [{ name: b, path: /b }]");
  await follower.reload("signal");
  expect(names((await follower.next()) as Settings)).toEqual(["b"]);

  write("config.yaml", "models: [{ name: c }]");
  const refused = await follower.reload("signal");
  expect(refused).toMatchObject({ is: "refused", error: expect.any(ConfigError) });
  expect(await follower.next()).toBeInstanceOf(ConfigError);

  // Each of them is acted on once, though the watch has seen them too.
  write("config.yaml", "models: [{ name: d, path: /d }]");
  expect(names((await follower.next()) as Settings)).toEqual(["d"]);
});

test("reloads and changes of files take their turns", async () => {
  const file = write("config.yaml", "models: [{ name: a, path: /a }]");
  const stop = new AbortController();
  let [running, most] = [0, 0];
  const applied: string[][] = [];
  const { done, reload } = watchSettings(await serve(`--config=${file}`), {
    signal: stop.signal,
    async changed(settings) {
      most = Math.max(most, ++running);
      if (applied.length === 0) write("config.yaml", "models: [{ name: b, path: /b }]");
      // The first one takes as long as some looks at the files.
      await new Promise((resolve) => setTimeout(resolve, applied.length === 0 ? 1300 : 10));
      applied.push(names(settings));
      running--;
    },
    refused: ({ message }) => expect.unreachable(message),
  });
  await Promise.all(Array.from({ length: 3 }, reload));
  expect([most, applied]).toEqual([1, [["a"], ["b"], ["b"]]]);
  stop.abort();
  expect(await reload("signal")).toEqual({ is: "ended" });
  await done;
});
