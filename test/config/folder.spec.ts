import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Config } from "../../config/index.ts";
import { parseConfig } from "../../config/load.ts";
import { readConfigSource } from "../../config/source.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "config-folder-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function load(files: Readonly<Record<string, string>>): Promise<Config> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return parseConfig(await readConfigSource(folder));
}

/** One line for each problem, without the folder. */
async function problems(files: Readonly<Record<string, string>>): Promise<string[]> {
  const error: unknown = await load(files).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "ConfigError" });
  return (error as Error).message.replaceAll(`${folder}/`, "").replaceAll(folder, "FOLDER").split("\n");
}

const route = (model: string): string => `routes: [{ match: { model: ${model} }, to: [{ version: 1 }] }]`;

test("lists are joined in the order of the files' names, and mappings key by key", async () => {
  const config = await load({
    "20-b.yml": `models: [{ name: b, path: /b }]\n${route("b")}\nserver: { rest: { port: 1 } }`,
    "10-a.json": `{ "$schema": "x", "models": [{ "name": "a", "path": "/a" }], "server": { "host": "::1", "rest": { "timeout": "1s" } } }`,
    "3-c.yaml": `${route("a")}\nserver: { grpc: { channelArguments: { a: 1 } } }`,
    "4-d.yaml": "$schema: y\nserver: { grpc: { channelArguments: { b: 2 } } }",
  });
  expect(config.models.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(config.routes.map(({ match }) => match.model)).toMatchObject([{ value: "b" }, { value: "a" }]);
  expect(config.server).toMatchObject({
    host: "::1",
    rest: { port: 1, timeoutMs: 1000 },
    grpc: { channelArguments: { a: 1, b: 2 } },
  });
});

test("links are followed; hidden files, other files, folders and a JSON Schema are passed over", async () => {
  mkdirSync(join(folder, "..2026"));
  writeFileSync(join(folder, "..2026", "a.yaml"), "models: [{ name: a, path: /a }]");
  symlinkSync("..2026", join(folder, "..data"));
  symlinkSync(join("..data", "a.yaml"), join(folder, "a.yaml"));
  mkdirSync(join(folder, "folder.yaml"));
  const { models } = await load({
    ".b.yaml": "models: [{ name: b }]",
    "..c.yaml": "models: [{ name: c }]",
    "d.yaml~": "models: [{ name: d }]",
    "e.yaml.bak": "models: [{ name: e }]",
    "tensorgate.schema.json": '{ "type": "object" }',
  });
  expect(models.map(({ name }) => name)).toEqual(["a"]);
});

test("relative paths start at the file that says them, and a route's place is in its own file", async () => {
  mkdirSync(join(folder, "real"));
  const { models, routes, server, state } = await load({
    "a.yaml": `models: [{ name: a, path: models/a }]\n${route("a")}\nserver: { grpc: { socketPath: sock } }`,
    "b.yaml":
      "state: { folder: here }\nroutes:\n  - { name: named, match: { model: a }, to: [{ version: 1 }] }\n  - { to: [{ version: 2 }] }",
  });
  expect(models[0]?.path).toBe(join(folder, "models/a"));
  expect([server.grpc.socketPath, state.folder]).toEqual([join(folder, "sock"), join(folder, "here")]);
  expect(routes.map(({ name, place }) => [name, place.replace(`${folder}/`, "")])).toEqual([
    ["a.yaml:routes[0]", "a.yaml:2:10"],
    ["named", "b.yaml:3:5"],
    ["b.yaml:routes[1]", "b.yaml:4:5"],
  ]);
});

describe("a folder is refused for", () => {
  for (const { name, files, want } of [
    { name: "nothing in it", files: {}, want: ["FOLDER: the folder holds no *.yaml, *.yml or *.json file"] },
    {
      name: "no models in any file",
      files: { "a.yaml": "server: {}", "b.yaml": "models:\nserver:" },
      want: ["FOLDER models: is missing: name the models to serve"],
    },
    {
      name: "a setting in two files, at whatever depth and of whatever kind",
      files: {
        "a.yaml": "models: []\nserver:\n  rest: { port: 1 }\n  host: ::1\nbatching: off",
        "b.yaml": "server:\n  rest: { port: 1, cors: [] }\nbatching: { maxRows: 1 }",
        "c.yaml": "server: { host: ::1, rest: { cors: [] } }\nmodels: 1",
      },
      want: [
        "b.yaml:2:11 server.rest.port: is set in a.yaml:3:17 already",
        "b.yaml:3:1 batching: is set in a.yaml:5:11 already",
        "c.yaml:1:11 server.host: is set in a.yaml:4:9 already",
        "c.yaml:1:30 server.rest.cors: is set in b.yaml:2:26 already",
        "c.yaml:2:1 models: is set in a.yaml:1:9 already",
      ],
    },
    {
      name: "faults in several files, each with its place and path there",
      files: {
        "a.yaml": "models:\n  - { name: a, path: /a }\nserver: { prot: 1 }",
        "b.yaml": `models:\n  - { name: b, path: /b, labels: { stable: 1 } }\n  - { name: a, path: s3://x, lables: {} }\n${route("aa")}`,
        "c.yaml": `${route("b")}\nresilience: { timeout: soon }`,
        "d.yaml": "routes:\n  - { match: { model: b }, to: [{ label: stabl }] }\n  - { match: { model: b } }",
      },
      want: [
        "a.yaml:3:11 server.prot: unknown key",
        'b.yaml:3:13 models[1].name: "a" is the name of models[0] in a.yaml:2:5 already',
        'b.yaml:3:22 models[1].path: s3:// paths are not supported: mount the bucket or sync it to a local folder, and name that ("s3://x")',
        'b.yaml:3:30 models[1].lables: unknown key (did you mean "labels"?)',
        'b.yaml:4:28 routes[0].match.model: no model is called "aa" (did you mean "a"?)',
        'c.yaml:2:24 resilience.timeout: expected a duration like 10s, 500ms or 1m, or none, got "soon"',
        'd.yaml:2:42 routes[0].to[0].label: model "b" has no label "stabl" (did you mean "stable"?)',
        "d.yaml:3:5 routes[1]: expected exactly one of to, split, chain, or rewrite alone",
      ],
    },
    {
      name: "names and prefixes that stand in two files",
      files: {
        "a.yaml":
          "models: []\nclients: [{ name: c, token: t }]\npools: [{ name: p, endpoints: ['h:1'] }]\nhttp: [{ prefix: /x, upstream: 'http://h:1' }]\nroutes: [{ name: r, to: [{ version: 1 }] }]",
        "b.yaml":
          "clients: [{ name: d, token: t }]\npools: [{ name: p, endpoints: ['h:2'] }]\nhttp:\n  - { prefix: /x/, upstream: 'http://h:1' }\n  - { prefix: /y, name: /x, upstream: 'http://h:1' }\nroutes: [{ name: r, to: [{ version: 1 }] }]",
      },
      want: [
        "b.yaml:1:29 clients[0].token: is the token of clients[0] in a.yaml:2:11 already",
        'b.yaml:2:17 pools[0].name: "p" is the name of pools[0] in a.yaml:3:9 already',
        'b.yaml:4:15 http[0].prefix: "/x" is the prefix of http[0] in a.yaml:4:8 already',
        'b.yaml:5:25 http[1].name: "/x" is the name of http[0] in a.yaml:4:8 already',
        'b.yaml:6:18 routes[0].name: "r" is the name of routes[0] in a.yaml:5:10 already',
      ],
    },
    {
      name: "faults of syntax and references, of all files at once",
      files: { "a.yaml": "models: [}", "b.yaml": "", "c.yaml": "models: [{ name: x, path: '${NOT_SET_ANYWHERE}' }]" },
      want: [
        expect.stringMatching(/^a.yaml:1:\d+: /),
        "b.yaml:1:1: the file is empty",
        "c.yaml:1:27 models[0].path: environment variable NOT_SET_ANYWHERE is not set",
      ],
    },
  ] as const) {
    test(name, async () => expect(await problems(files)).toEqual(want));
  }

  test("a file in another encoding than UTF-8, and none with a byte-order mark", async () => {
    writeFileSync(join(folder, "a.yaml"), Buffer.from("\ufeffmodels: []", "utf16le"));
    expect(await problems({ "b.yaml": "\ufeffmodels: []" })).toEqual(["a.yaml: is not UTF-8"]);
  });

  test("a link that leads nowhere", async () => {
    symlinkSync("nowhere", join(folder, "a.yaml"));
    expect(await problems({ "b.yaml": "models: []" })).toEqual(["a.yaml: no such file"]);
  });
});

test("a value of another file's reference is not shown either", async () => {
  process.env["FOLDER_SPEC_MODEL"] = "hidden-name";
  try {
    const files = {
      "a.yaml": "models: [{ name: '${FOLDER_SPEC_MODEL}', path: /a }]",
      "b.yaml": route("hidden-nam"),
    };
    expect(await problems(files)).toEqual([
      'b.yaml:1:28 routes[0].match.model: no model is called "hidden-nam" (did you mean ${FOLDER_SPEC_MODEL}?)',
    ]);
  } finally {
    delete process.env["FOLDER_SPEC_MODEL"];
  }
});
