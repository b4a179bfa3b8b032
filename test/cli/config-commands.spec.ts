import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tensorgate } from "../setup/run-cli.ts";
import { MODELS, ROOT, startTensorgate, withFreePorts } from "../setup/tensorgate.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorgate-config-"));
  cpSync(join(MODELS, "half_plus_two"), join(folder, "half"), { recursive: true });
  mkdirSync(join(folder, "half/200"));
  mkdirSync(join(folder, "nothing"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A configuration's path. */
function written(yaml: string): string {
  const file = join(folder, "c.yaml");
  writeFileSync(file, yaml);
  return file;
}

async function check(yaml: string, ...flags: readonly string[]): Promise<{ code: number; lines: string[] }> {
  const { code, stdout } = await tensorgate("config", "check", ...flags, written(yaml));
  return { code, lines: stdout.trimEnd().replaceAll(`${folder}/`, "").split("\n") };
}

const HALF =
  "models: [{ name: m, path: half, versions: { specific: [123, 124] }, labels: { stable: 123, canary: 124 } }]";
const UNREACHED = `${HALF}
routes:
  - name: all
    match: { model: m }
    to: [{ label: stable }]
  - match: { model: m, headers: { x-tenant: beta } }
    to: [{ label: canary }]
`;
const SLIP = `${HALF}
routes: [{ match: { model: m }, split: [{ label: stable, weight: 95 }, { label: canary, weight: 4 }] }]
`;

describe("config check", () => {
  test("says how much is fine", async () => {
    expect(await check(HALF)).toEqual({ code: 0, lines: ["ok: 1 model"] });
    expect((await tensorgate("config", "check")).code).toBe(0);
    expect(await tensorgate("config", "check", join(ROOT, "config/example-ab.yaml"))).toMatchObject({
      code: 0,
      stdout: "ok: 1 model, 2 routes\n",
    });
  });

  test("counts models that were added over the admin API, and tells what ails them", async () => {
    const file = "state/models.json";
    const state = `state: { folder: state }\nroutes: [{ match: { model: m }, to: [{ model: next, label: stable }] }]`;
    mkdirSync(join(folder, "state"));
    const keep = (...models: object[]): void => writeFileSync(join(folder, file), JSON.stringify(models));
    const next = { name: "next", path: join(folder, "half"), versions: { specific: [124] }, labels: { stable: 124 } };
    try {
      keep(next);
      expect(await check(`${HALF}\n${state}`)).toEqual({
        code: 0,
        lines: [`ok: 2 models (1 added over the admin API, kept in ${file}), 1 route`],
      });
      keep(
        { ...next, labels: { stable: 7 } },
        { name: "lost", path: "/lost", pool: "gone" },
        { name: "newer", path: "/newer", speed: 1 },
      );
      expect(await check(`${HALF}\n${state}`)).toEqual({
        code: 1,
        lines: [
          'c.yaml:3:38 routes[0].to[0]: version 7 of model "next" is never served: its versions name others',
          `${file} model "next" labels.stable: version 7 is never served: versions names others`,
          `${file} model "lost": no pool is called "gone" (warning)`,
          `${file} model "newer" speed: unknown key (warning)`,
          `2 errors, 2 warnings; 3 models (2 added over the admin API, kept in ${file}), 1 route`,
        ],
      });
      const { stdout } = await tensorgate("config", "explain", "--model=m", written(`${HALF}\n${state}`));
      expect(stdout).toContain("next");
    } finally {
      rmSync(join(folder, "state"), { recursive: true });
    }
  });

  test("tells all for which a load is refused, with the nearest word", async () => {
    expect(await check("models: [{ name: m, path: half, lables: {} }]\nrouts: []")).toEqual({
      code: 1,
      lines: [
        'c.yaml:1:33 models[0].lables: unknown key (did you mean "labels"?)',
        'c.yaml:2:1 routs: unknown key (did you mean "routes"?)',
        "refused: 2 errors",
      ],
    });
    expect((await tensorgate("config", "check", "/no/such.yaml")).stdout).toBe(
      "/no/such.yaml: no such file\nrefused: 1 error\n",
    );
  });

  test("names the route that takes everything from another one", async () => {
    expect(await check(UNREACHED)).toEqual({
      code: 1,
      lines: [
        "c.yaml:6:5 routes[1]: is never reached: all (c.yaml:3:5) takes every request that this one would take",
        "1 error; 1 model, 2 routes",
      ],
    });
  });

  test("warns of weights that don't add up, which fails only --strict", async () => {
    const lines = [
      'c.yaml:2:40 routes[0].split: the weights add up to 99: if percentages are meant, write them as such, like "95%" (warning)',
      "1 warning; 1 model, 1 route",
    ];
    expect(await check(SLIP)).toEqual({ code: 0, lines });
    expect(await check(SLIP, "--strict")).toEqual({ code: 1, lines });
  });

  const onDisk = `models:
  - { name: gone, path: gone }
  - { name: nothing, path: nothing }
  - { name: m, path: half, versions: { specific: [123, 200, 300] } }
  - { name: new, path: half, versions: { latest: 2 }, labels: { stable: 123, next: 201 } }
routes:
  - { match: { model: new }, to: [{ version: 124 }, { version: 5 }] }
`;

  test("looks for models, versions and labels on disk", async () => {
    expect(await check(onDisk)).toEqual({
      code: 1,
      lines: [
        "c.yaml:2:25 models[0].path: the base path gone does not exist",
        "c.yaml:3:28 models[1].path: nothing holds no numeric version folder, and is no SavedModel itself",
        "c.yaml:4:22 models[2].path: version 200 cannot be loaded: half/200 holds no saved_model.pb (warning)",
        "c.yaml:4:38 models[2].versions: version 300 is not in half (warning)",
        "c.yaml:5:24 models[3].path: version 200 cannot be loaded: half/200 holds no saved_model.pb (warning)",
        'c.yaml:5:73 models[3].labels.stable: version 123 of model "new" is not served: { latest: 2 } is only 124, 200 (warning)',
        'c.yaml:5:84 models[3].labels.next: version 201 of model "new" is not in half (warning)',
        'c.yaml:7:64 routes[0].to[1].version: version 5 of model "new" is not in half (warning)',
        "2 errors, 6 warnings; 4 models, 1 route",
      ],
    });
    expect(await check(onDisk, "--no-paths")).toEqual({ code: 0, lines: ["ok: 4 models, 1 route"] });
  });

  test("looks for what local workers load only", async () => {
    const pools = `pools: [{ name: far, endpoints: ["10.0.0.1:8500"] }]
models: [{ name: m, path: gone, pool: far, labels: { a: 1 } }, { name: n, path: gone2, pool: far }]
routes: [{ match: { model: n }, to: [{ version: 1 }], fallback: [{ pool: local, version: 1 }] }]
`;
    expect((await check(pools)).lines).toEqual([
      "c.yaml:2:81 models[1].path: the base path gone2 does not exist",
      "1 error; 2 models, 1 route",
    ]);
  });

  test("leaves the disks of other machines alone", async () => {
    const elsewhere = `${onDisk}workers: { endpoints: ["10.0.0.1:8500"] }\n`;
    expect((await check(elsewhere)).code).toBe(0);
  });

  test("--json is the same for programs", async () => {
    const { code, stdout } = await tensorgate("config", "check", "--json", written(UNREACHED));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      errors: 1,
      warnings: 0,
      problems: [{ severity: "error", line: 6, column: 5, path: "routes[1]", message: expect.any(String) }],
    });
  });

  test("takes models from TensorFlow Serving's list", async () => {
    const list = join(folder, "models.config");
    const config = 'name: "m" base_path: "/no/such" model_platform: "tensorflow"';
    writeFileSync(list, `model_config_list { config { ${config} } }`);
    const { code, stdout } = await tensorgate("config", "check", `--model-config-file=${list}`);
    expect(code).toBe(1);
    expect(stdout).toContain(`${list} model "m": `);
  });
});

const ROUTES = `${HALF}
clients: [{ name: acme, token: t }]
routes:
  - name: beta
    match: { model: m, headers: { x-tenant: beta } }
    to: [{ label: canary }]
  - name: clients
    match: { model: m, client: acme }
    to: [{ version: 9 }]
  - name: split
    match: { model: m }
    split: [{ label: stable, weight: 3 }, { label: canary, weight: 1 }]
    sticky: { header: x-user }
`;

async function explained(...flags: readonly string[]) {
  const { code, stdout } = await tensorgate("config", "explain", "--json", "--model=m", ...flags, written(ROUTES));
  return { code, ...JSON.parse(stdout) };
}

describe("config explain", () => {
  test("tells the route that a request's headers choose", async () => {
    expect(await explained("--header", "X-Tenant=beta")).toMatchObject({
      code: 0,
      route: { name: "beta", place: `${join(folder, "c.yaml")}:4:5` },
      target: { model: "m", version: "124", label: "canary" },
    });
  });

  test("tells the arm that a sticky key chooses, always the same", async () => {
    const first = await explained("--header=x-user=u1");
    expect(first).toMatchObject({ code: 0, because: "header x-user ties the request to this arm" });
    expect((await explained("--header=x-user: u1")).arm).toBe(first.arm);
  });

  test("tells the shares where chance decides", async () => {
    const { code, route, target } = await explained();
    expect([code, target]).toEqual([0, undefined]);
    expect(route.split.map(({ share }: { share: number }) => share)).toEqual([0.75, 0.25]);
  });

  test("ends with 1 when nothing would answer", async () => {
    expect(await explained("--client=acme")).toMatchObject({ code: 1, error: { code: "UNAVAILABLE" } });
    expect(await explained("--header=Authorization: Bearer t")).toMatchObject({ asked: { client: "acme" }, code: 1 });
    expect(await explained("--label=nope")).toMatchObject({ code: 1, error: { code: "INVALID_ARGUMENT" } });
  });

  test("hashes a body for routes that stick to it", async () => {
    const sticky = ROUTES.replace("header: x-user", "input: true");
    const body = join(folder, "body.json");
    writeFileSync(body, '{"instances": [1]}');
    const { stdout } = await tensorgate("config", "explain", "--model=m", `--input=${body}`, written(sticky));
    expect(stdout).toContain("because    the request's body ties the request to this arm\n");
  });

  test("takes what lies elsewhere for there", async () => {
    const pools = `pools: [{ name: far, endpoints: ["10.0.0.1:8500"] }]
models: [{ name: m, path: half, versions: { latest: 2 }, labels: { stable: 124 } }]
routes: [{ match: { model: m, label: stable }, to: [{ pool: far, version: 7 }] }, { match: { model: m }, to: [{ pool: far }] }]
`;
    const file = written(pools);
    const ask = async (...flags: string[]) => {
      const { stdout } = await tensorgate("config", "explain", "--json", "--model=m", ...flags, file);
      return JSON.parse(stdout).target;
    };
    expect(await ask("--label=stable")).toMatchObject({ version: "7", pool: "far" });
    expect(await ask()).toMatchObject({ version: "latest", pool: "far" });
    expect(await ask("--version-number=124")).toEqual({ model: "m", version: "124", signature: "serving_default" });
    // An empty folder.
    expect(await ask("--version-number=200")).toBeUndefined();
  });

  test("prints lines for people", async () => {
    const { stdout } = await tensorgate("config", "explain", "--model=m", written(ROUTES));
    expect(stdout).toContain('header x-tenant is missing, expected exactly "beta"');
    expect(stdout).toContain("arm        stable: 75%; m version 123 (label stable, signature serving_default)\n");
  });

  for (const { wrong, flags, says } of [
    { wrong: "a header without a value", flags: ["--model=m", "--header=x-tenant"], says: '"x-tenant" is no header' },
    { wrong: "a version that is none", flags: ["--model=m", "--version-number=x"], says: '"x" is no version number' },
    { wrong: "no model", flags: [], says: "required option '--model <name>' not specified" },
    { wrong: "a gateway that is not there", flags: ["--model=m", "--url=127.0.0.1:1"], says: "no gateway answers" },
    {
      wrong: "a file beside a gateway",
      flags: ["--model=m", "--url=127.0.0.1:1", "c.yaml"],
      says: "leave the path out",
    },
  ]) {
    test(`${wrong} is a message and status 1`, async () => {
      const { code, stderr } = await tensorgate("config", "explain", ...flags);
      expect(code).toBe(1);
      expect(stderr).toContain(says);
    });
  }
});

function splitOf(weight: number): unknown {
  return {
    match: { model: "m" },
    split: [
      { version: 123, weight: 95 },
      { version: 124, weight },
    ],
  };
}

test("serve warns of the same at its start and at each change", { timeout: 60_000 }, async () => {
  const models = [{ name: "m", path: join(MODELS, "half_plus_two"), versions: { specific: [123, 124] } }];
  await using gateway = await startTensorgate({ models, routes: [splitOf(4)] });
  const place = `${gateway.configFile}:1:`;
  await gateway.logged(({ msg }) => msg?.startsWith(place) === true && msg.includes("the weights add up to 99"));
  writeFileSync(gateway.configFile, JSON.stringify(withFreePorts({ models, routes: [splitOf(5), splitOf(5)] })));
  await gateway.logged(({ msg }) => msg?.includes("routes[1]: is never reached: routes[0]") === true);
});

test("explain --url tells what holds in a gateway that runs", { timeout: 60_000 }, async () => {
  const models = [{ name: "m", path: join(MODELS, "half_plus_two"), labels: { stable: 124 } }];
  const routes = [{ name: "beta", match: { model: "m", headers: { "x-tenant": "beta" } }, to: [{ label: "stable" }] }];
  await using gateway = await startTensorgate({
    models,
    routes,
    clients: [{ name: "acme", token: "t" }],
    admin: { enabled: true, token: "secret" },
  });
  await gateway.ready();
  const ask = (...flags: string[]) =>
    tensorgate("config", "explain", `--url=${gateway.rest}`, "--model=m", "--header=x-tenant=beta", ...flags);
  const { code, stdout } = await ask("--token=secret", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ route: { name: "beta" }, target: { version: "124", label: "stable" } });
  expect((await ask("--token=secret")).stdout).toContain("goes to    m version 124 (label stable");
  expect((await ask("--token=secret", "--header=authorization=Bearer t")).stdout).toContain(", client acme\n");
  expect(await ask("--token=secret", "--header=authorization=Bearer x")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("such a request is refused: the token is that of no client"),
  });
  expect(await ask("--token=wrong")).toMatchObject({ code: 1, stderr: expect.stringContaining("answers 401") });
  expect(await ask("--token=secret", "--label=nope")).toMatchObject({ code: 1 });
});

test("explain --url says how the admin API is turned on", { timeout: 60_000 }, async () => {
  const models = [{ name: "m", path: join(MODELS, "half_plus_two") }];
  await using gateway = await startTensorgate({ models });
  const { code, stderr } = await tensorgate("config", "explain", `--url=${gateway.rest}`, "--model=m");
  expect([code, stderr]).toEqual([1, expect.stringContaining('"admin: { enabled: true }"')]);
});
