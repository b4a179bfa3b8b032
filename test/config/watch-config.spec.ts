import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ConfigError, loadSettings, parseFlags, type Settings } from "../../config/index.ts";
import { follow } from "./follow.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watch-config-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  delete process.env["WATCH_CONFIG_SPEC"];
});

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

function started(path: string): Promise<Settings> {
  return loadSettings(parseFlags([`--config=${path}`], "serve"));
}

/** What comes next has to be right, or wrong with this in its message. */
async function next({ next }: ReturnType<typeof follow>): Promise<string[] | string> {
  const came = await next();
  return came instanceof ConfigError
    ? came.message.replaceAll(`${folder}/`, "")
    : came.config.models.map(({ name }) => name);
}

const models = (...names: string[]): string =>
  `models: [${names.map((name) => `{ name: '${name}', path: /m }`).join()}]`;

test("files added to a folder, changed, renamed over and removed all act", async () => {
  write("a.yaml", models("a"));
  await using follower = follow(await started(folder));
  write("b.yaml", models("b"));
  expect(await next(follower)).toEqual(["a", "b"]);
  write("b.yaml", models("c", "d"));
  expect(await next(follower)).toEqual(["a", "c", "d"]);
  renameSync(write(".a.yaml.swp", models("e")), join(folder, "a.yaml"));
  expect(await next(follower)).toEqual(["e", "c", "d"]);
  rmSync(join(folder, "a.yaml"));
  expect(await next(follower)).toEqual(["c", "d"]);
  rmSync(join(folder, "b.yaml"));
  expect(await next(follower)).toMatch("the folder holds no");
});

test("the swap of a folder's links, as Kubernetes does it, acts at once for all files", async () => {
  const swap = (name: string, ...files: string[]): void => {
    mkdirSync(join(folder, name));
    for (const file of files) writeFileSync(join(folder, name, file), models(`${name.slice(2)}-${file}`));
    symlinkSync(name, join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  };
  swap("..v1", "a.yaml", "b.yaml");
  for (const file of ["a.yaml", "b.yaml"]) symlinkSync(join("..data", file), join(folder, file));
  await using follower = follow(await started(folder));
  swap("..v2", "a.yaml", "b.yaml");
  expect(await next(follower)).toEqual(["v2-a.yaml", "v2-b.yaml"]);
});

test("a changed secret acts as a changed file does, and one that was missing is waited for", async () => {
  write("token", "first\n");
  const file = write("config.yaml", models("${file:token}"));
  await using follower = follow(await started(file));
  write("token", "second\n");
  expect(await next(follower)).toEqual(["second"]);
  rmSync(join(folder, "token"));
  expect(await next(follower)).toBe("config.yaml:1:18 models[0].name: ${file:token}: no such file");
  write("token", "third");
  expect(await next(follower)).toEqual(["third"]);

  write("config.yaml", models("${file:other}"));
  expect(await next(follower)).toMatch("${file:other}: no such file");
  write("other", "fourth");
  expect(await next(follower)).toEqual(["fourth"]);
});

test("a reload on demand takes what the environment holds then", async () => {
  process.env["WATCH_CONFIG_SPEC"] = "first";
  const file = write("config.yaml", models("${WATCH_CONFIG_SPEC}"));
  await using follower = follow(await started(file));
  process.env["WATCH_CONFIG_SPEC"] = "second";
  expect(await follower.reload("signal")).toMatchObject({ is: "applied" });
  expect(await next(follower)).toEqual(["second"]);
});

test("a configuration that has vanished is refused once, and taken again when it is back", async () => {
  const file = write("config.yaml", models("a"));
  await using follower = follow(await started(file));
  rmSync(file);
  expect(await next(follower)).toBe("config.yaml: no such file");
  write("config.yaml", models("b"));
  expect(await next(follower)).toEqual(["b"]);
});
