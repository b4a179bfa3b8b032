import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { admin } from "../setup/admin.ts";
import { exchange, type HttpReply, type HttpRequest } from "../setup/http.ts";
import { tensorgate } from "../setup/run-cli.ts";
import { MODELS, startProgram, startTensorgate, type Tensorgate, withFreePorts } from "../setup/tensorgate.ts";

const HALF = { name: "half", path: join(MODELS, "half_plus_two"), versions: { latest: 2 } };
const ADDED = { name: "added", path: join(MODELS, "half_plus_two"), labels: { stable: 124 } };

function config(more: Record<string, unknown> = {}): Record<string, unknown> {
  return withFreePorts({ models: [HALF], admin: { enabled: true }, ...more });
}

const one = async (gateway: Tensorgate, model: string): Promise<number> =>
  (await gateway.predict(model, { instances: [1] })).status;

async function metric(gateway: Tensorgate, series: string): Promise<string | undefined> {
  const { text } = await gateway.get("/metrics");
  return text
    .split("\n")
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1);
}

test("a reload by call or signal reads the files, and a wrong file is refused with every error", {
  timeout: 60_000,
}, async () => {
  await using gateway = await startTensorgate(config());
  await gateway.ready();
  const first = (await admin(gateway, "GET", "status")).json;
  expect(first.config).toMatchObject({ from: [gateway.configFile], actsAfterRestart: [] });
  expect(first.config.lastReload).toBeUndefined();
  expect(first.models).toMatchObject([{ name: "half", origin: "config", shadowed: false }]);
  expect(first.workers).toMatchObject([{ name: "worker-0", ready: true }]);
  expect(await metric(gateway, `tensorgate_config_info{fingerprint="${first.config.fingerprint}"}`)).toBe("1");

  expect((await admin(gateway, "POST", "reload")).json).toMatchObject({
    result: "unchanged",
    by: "admin",
    fingerprint: first.config.fingerprint,
  });

  writeFileSync(gateway.configFile, JSON.stringify(config({ models: [{ ...HALF, name: "renamed" }] })));
  const applied = (await admin(gateway, "POST", "reload")).json;
  expect(applied.result).toBe("applied");
  expect(applied.fingerprint).not.toBe(first.config.fingerprint);
  expect((await gateway.get("/v1/models")).json).toEqual({ models: ["renamed"] });

  const wrong = '{\n "models": [\n {"nmae": "x"}],\n "routs": 1\n}';
  writeFileSync(gateway.configFile, wrong);
  const refused = await admin(gateway, "POST", "reload");
  expect(refused.status).toBe(400);
  const errors = [`${gateway.configFile}:3:3 models[0].nmae: unknown key (did you mean "name"?)`];
  expect(refused.json.errors).toEqual(expect.arrayContaining(errors));
  expect(refused.json.error).toContain(`${gateway.configFile}:4:2 routs: unknown key`);
  const after = (await admin(gateway, "GET", "status")).json.config;
  expect(after).toMatchObject({
    fingerprint: applied.fingerprint,
    lastReload: { result: "refused", by: "admin", errors: refused.json.errors },
  });
  expect((await gateway.get("/statusz")).json.config).toEqual({
    fingerprint: applied.fingerprint,
    appliedAt: after.appliedAt,
    refused: refused.json.errors.length,
  });
  expect(await metric(gateway, "tensorgate_config_last_reload_successful")).toBe("0");
  expect((await gateway.get("/v1/models")).json).toEqual({ models: ["renamed"] });

  writeFileSync(gateway.configFile, JSON.stringify(config()));
  gateway.process.kill("SIGHUP");
  await gateway.logged((line) => line.msg === "config applied" && line["by"] === "signal");
  expect((await admin(gateway, "GET", "status")).json.config.fingerprint).toBe(first.config.fingerprint);
  expect(await metric(gateway, "tensorgate_config_last_reload_successful")).toBe("1");
  expect(await metric(gateway, 'tensorgate_config_reloads_total{result="refused"}')).toBe("1");
});

test("a change that acts after a restart is told until the file takes it back", async () => {
  await using gateway = await startTensorgate(config());
  writeFileSync(gateway.configFile, JSON.stringify(config({ workers: { count: 2 } })));
  expect((await admin(gateway, "POST", "reload")).json.result).toBe("applied");
  await gateway.logged((line) => line.msg === "changes of workers act after a restart");
  expect((await admin(gateway, "GET", "status")).json.config.actsAfterRestart).toEqual(["workers"]);
  writeFileSync(gateway.configFile, JSON.stringify(config()));
  await admin(gateway, "POST", "reload");
  expect((await admin(gateway, "GET", "status")).json.config.actsAfterRestart).toEqual([]);
});

test("models are added, replaced and removed one by one, and are there again after a restart", {
  timeout: 90_000,
}, async () => {
  await using gateway = await startTensorgate(config());
  await gateway.ready();
  const created = await admin(gateway, "POST", "models?wait=20s", { body: ADDED });
  expect(created.status).toBe(201);
  expect(created.json).toMatchObject({
    model: { ...ADDED, versions: { latest: 1 } },
    origin: "admin",
    versions: [{ version: "124", state: "AVAILABLE" }],
  });
  expect(await one(gateway, "added")).toBe(200);
  expect((await admin(gateway, "POST", "models", { body: ADDED })).status).toBe(409);
  expect((await gateway.predict("added/versions/123", { instances: [1] })).status).toBe(404);

  const older = { ...ADDED, versions: { specific: [123] }, labels: {} };
  expect((await admin(gateway, "PUT", "models/added?wait=20s", { body: older })).status).toBe(200);
  expect((await gateway.predict("added/versions/123", { instances: [1] })).status).toBe(200);
  expect((await admin(gateway, "GET", "models")).json.models).toMatchObject([
    { model: { name: "half" }, origin: "config" },
    { model: { name: "added", versions: { specific: [123] } }, origin: "admin" },
  ]);
  // What the files hold is changed there.
  for (const method of ["PUT", "DELETE"]) {
    const body = method === "PUT" ? { body: HALF } : {};
    const refused = await admin(gateway, method, "models/half", body);
    expect(refused.status).toBe(409);
    expect(refused.json.error).toContain(gateway.configFile);
  }

  // A file with another route changes nothing about it.
  writeFileSync(
    gateway.configFile,
    JSON.stringify(config({ routes: [{ match: { model: "half" }, to: [{ version: 123 }] }] })),
  );
  expect((await admin(gateway, "POST", "reload")).json.result).toBe("applied");
  expect(await one(gateway, "added")).toBe(200);
  // One that names it has it in its place.
  writeFileSync(gateway.configFile, JSON.stringify(config({ models: [HALF, { ...ADDED, versions: "all" }] })));
  await admin(gateway, "POST", "reload");
  await gateway.logged((line) => /served in place of the one added/.test(line.msg ?? "") && line["model"] === "added");
  expect((await admin(gateway, "GET", "status")).json.models).toMatchObject([
    { name: "half" },
    { name: "added", origin: "config" },
    { name: "added", origin: "admin", shadowed: true },
  ]);
  writeFileSync(gateway.configFile, JSON.stringify(config()));
  await admin(gateway, "POST", "reload");

  await gateway.stop();
  await using again = await startProgram(["serve", `--config=${gateway.configFile}`], gateway.configFile);
  await again.ready();
  expect(await one(again, "added")).toBe(200);
  expect((await admin(again, "DELETE", "models/added")).json).toEqual({ removed: "added" });
  await expect.poll(() => one(again, "added")).toBe(404);
  expect((await admin(again, "DELETE", "models/added")).status).toBe(404);
});

test("a model that is wrong is refused as in a file, and one that cannot be loaded is told to who waits", {
  timeout: 60_000,
}, async () => {
  await using gateway = await startTensorgate(config());
  await gateway.ready();
  const wrong = await admin(gateway, "POST", "models", { body: '{\n"name": "a",\n"pth": "/a",\n"versions": "most"}' });
  expect(wrong.status).toBe(400);
  expect(wrong.json.error.split("\n")).toEqual([
    "body:1:1 path: is missing",
    'body:3:1 pth: unknown key (did you mean "path"?)',
    'body:4:13 versions: expected "all", got "most"',
  ]);
  expect((await admin(gateway, "POST", "models?wait=soon", { body: ADDED })).json.error).toContain(
    "wait: expected a duration",
  );
  expect((await admin(gateway, "PUT", "models/b", { body: ADDED })).json.error).toContain('expected the name "b"');
  expect((await admin(gateway, "POST", "models", { body: "[" })).status).toBe(400);

  const absent = { name: "absent", path: "nowhere" };
  const missing = await admin(gateway, "POST", "models?wait=20s", { body: absent });
  expect(missing.status).toBe(503);
  expect(missing.json.error).toContain("absent");
  // As in a file, a path starts at the folder of the config.
  const { model } = (await admin(gateway, "GET", "models/absent")).json;
  expect(model.path).toBe(join(gateway.configFile, "../nowhere"));
  expect(await one(gateway, "half")).toBe(200);
});

test("nothing answers under /admin/ unless it is turned on, which a reload may do", async () => {
  await using gateway = await startTensorgate(config({ admin: {} }));
  const page = (await gateway.get("/nowhere")).text;
  expect(await admin(gateway, "GET", "status")).toMatchObject({ status: 404, text: page });
  expect((await admin(gateway, "POST", "reload")).status).toBe(404);
  writeFileSync(gateway.configFile, JSON.stringify(config()));
  gateway.process.kill("SIGHUP");
  await gateway.logged((line) => line.msg === "config applied");
  expect((await admin(gateway, "GET", "status")).status).toBe(200);
});

test("without a token only programs on this machine are let in", async () => {
  await using gateway = await startTensorgate(config());
  const { port } = new URL(gateway.rest);
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await admin(gateway, "GET", "status", { headers })).status;
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, "[::1]", "127.9.9.9"])
    expect(await status({ host })).toBe(200);
  for (const headers of [
    { host: "rebound.example:8501" },
    { host: "127.0.0.1.example" },
    { origin: "http://localhost" },
    { "x-forwarded-for": "10.0.0.1" },
    { "x-forwarded": "for" },
    { forwarded: "for=10.0.0.1" },
    { via: "1.1 proxy" },
    { "sec-fetch-site": "cross-site" },
  ]) {
    expect(await status(headers as Record<string, string>), JSON.stringify(headers)).toBe(403);
  }
  const { json } = await admin(gateway, "POST", "reload", { headers: { origin: "https://example.org" } });
  expect(json.error).toContain("admin.token");
});

test("with a token every call shows it, and nobody else sees it", async () => {
  const token = "correct-horse-battery";
  await using gateway = await startTensorgate(config({ admin: { enabled: true, token } }));
  const refused = await admin(gateway, "GET", "status");
  expect(refused.status).toBe(401);
  expect(refused.headers["www-authenticate"]).toMatch(/^Bearer/);
  for (const authorization of ["Bearer correct-horse", `Basic ${token}`, `Bearer ${token}x`, "Bearer"]) {
    expect((await admin(gateway, "GET", "status", { headers: { authorization } })).status).toBe(401);
  }
  const headers = { authorization: `Bearer ${token}`, origin: "https://console.example", host: "gateway.example" };
  expect((await admin(gateway, "GET", "status", { headers })).status).toBe(200);
  const shown = await admin(gateway, "GET", "config", { headers });
  expect(shown.json.admin).toEqual({ enabled: true, token: "<secret>", explainHeader: false });
  expect(shown.json.models).toMatchObject([{ name: "half", versions: { by: "latest", count: 2 } }]);
  await gateway.logged((line) => line["request"] === "GET /admin/config");
  expect(JSON.stringify(gateway.log)).not.toContain(token);
  expect((await gateway.get("/statusz")).text + (await gateway.get("/metrics")).text).not.toContain(token);
});

test("what no path, method or query stands for is told", async () => {
  await using gateway = await startTensorgate(config());
  for (const path of ["", "nothing", "status/", "models/", "models/half/more", "models/half/", "STATUS"]) {
    const { status, json } = await admin(gateway, "GET", path);
    expect([status, json?.error], path).toEqual([404, `nothing answers /admin/${path}`]);
  }
  for (const [method, path, allow] of [
    ["PATCH", "models/half", "GET, HEAD, PUT, DELETE"],
    ["POST", "models/half", "GET, HEAD, PUT, DELETE"],
    ["DELETE", "models", "GET, HEAD, POST"],
    ["POST", "status", "GET, HEAD"],
    ["OPTIONS", "config", "GET, HEAD"],
    ["PUT", "explain?model=half", "GET, HEAD"],
    ["GET", "reload", "POST"],
    ["HEAD", "reload", "POST"],
    ["GET", "routes/r/ramp/pause", "POST"],
  ] as const) {
    const { status, headers } = await exchange(gateway.rest, { method, path: `/admin/${path}` });
    expect([status, headers["allow"]], `${method} ${path}`).toEqual([405, allow]);
  }
  for (const [method, path, error] of [
    ["GET", "models/%zz", "/admin/models/%zz cannot be decoded"],
    ["GET", "status?verbose=1", "verbose: no query is taken here"],
    ["POST", "models?wiat=10s", 'wiat: the query takes wait (did you mean "wait"?)'],
    [
      "GET",
      "explain?modle=half",
      'modle: the query takes model, version, label, signature, client, header, inputKey (did you mean "model"?)',
    ],
  ] as const) {
    const { status, json } = await admin(gateway, method, path, method === "POST" ? { body: ADDED } : {});
    expect([status, json.error]).toEqual([400, error]);
  }
  expect((await admin(gateway, "GET", "models")).json.models).toHaveLength(1);
});

test("HEAD is answered as GET is, without its body", async () => {
  await using gateway = await startTensorgate(config());
  for (const path of ["config", "models", "models/half"]) {
    const [whole, head] = [
      await admin(gateway, "GET", path),
      await exchange(gateway.rest, { method: "HEAD", path: `/admin/${path}` }),
    ];
    expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", String(whole.bytes.length)]);
  }
  expect((await exchange(gateway.rest, { method: "HEAD", path: "/admin/models/none" })).status).toBe(404);
});

test("a body is taken whatever it is called, but no longer than 1 MiB, and as text only", async () => {
  await using gateway = await startTensorgate(config());
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const added = await admin(gateway, "POST", "models", { body: { ...ADDED, name: "a b" }, headers });
  expect([added.status, added.headers["location"]]).toEqual([201, "/admin/models/a%20b"]);
  expect((await exchange(gateway.rest, { path: "/admin/models/a%20b" })).status).toBe(200);

  const long = await admin(gateway, "POST", "models", { body: "x".repeat(2 ** 20 + 1) });
  expect([long.status, long.json.error]).toEqual([413, "the body is longer than 1048576 bytes"]);
  const broken = await exchange(gateway.rest, { path: "/admin/models", body: Buffer.from([0x22, 0xff, 0x22]) });
  expect([broken.status, broken.text]).toEqual([400, expect.stringContaining("not UTF-8")]);
  expect((await admin(gateway, "POST", "models")).status).toBe(400);
});

test("a body that finds no room is refused for the moment", async () => {
  await using gateway = await startTensorgate(config({ server: { rest: { port: 0, maxBytesInFlight: 100_000 } } }));
  const { hostname, port } = new URL(gateway.rest);
  const holder = connect(Number(port), hostname);
  holder.write("POST /v1/models/half:predict HTTP/1.1\r\nhost: x\r\ncontent-length: 90000\r\n\r\n");
  const refused = () => admin(gateway, "POST", "models", { body: `{${" ".repeat(80_000)}` });
  await expect.poll(async () => (await refused()).status).toBe(503);
  const { headers, json } = await refused();
  expect([headers["retry-after"], headers["connection"]]).toEqual(["1", "close"]);
  expect(json.error).toContain("leave no memory");
  holder.destroy();
  await expect.poll(async () => (await refused()).status).toBe(400);
});

/** Four answers, each over a connection of its own: processes take turns in accepting them. */
async function fourTimes(gateway: Tensorgate, request: HttpRequest): Promise<HttpReply[]> {
  const replies: HttpReply[] = [];
  for (let i = 0; i < 4; i++)
    replies.push(await exchange(gateway.rest, { ...request, headers: { connection: "close" } }));
  return replies;
}

const PREDICT = { path: "/v1/models/added:predict", body: '{"instances":[1]}' };

test("any process of several answers for all of them", { timeout: 90_000 }, async () => {
  const two = { gateway: { processes: 2 } };
  await using gateway = await startTensorgate(config(two));
  await gateway.ready();
  expect((await admin(gateway, "POST", "models?wait=20s", { body: ADDED })).status).toBe(201);
  for (const { status } of await fourTimes(gateway, PREDICT)) expect(status).toBe(200);

  writeFileSync(gateway.configFile, JSON.stringify(config({ ...two, models: [{ ...HALF, name: "renamed" }] })));
  const { fingerprint, result } = (await admin(gateway, "POST", "reload")).json;
  expect(result).toBe("applied");
  for (const { text } of await fourTimes(gateway, { path: "/v1/models" })) {
    expect(JSON.parse(text)).toEqual({ models: ["renamed", "added"] });
  }
  for (const { text } of await fourTimes(gateway, { path: "/admin/status" })) {
    expect(JSON.parse(text).config).toMatchObject({ fingerprint, lastReload: { result: "applied", by: "admin" } });
  }
  for (const { text } of await fourTimes(gateway, { path: "/statusz" })) {
    expect(JSON.parse(text).config).toMatchObject({ fingerprint, refused: 0 });
  }
  writeFileSync(gateway.configFile, "{");
  for (const { status } of await fourTimes(gateway, { path: "/admin/reload", method: "POST" }))
    expect(status).toBe(400);
  for (const { text } of await fourTimes(gateway, { path: "/metrics" })) {
    expect(text).toMatch(/^tensorgate_config_reloads_total\{result="refused"\} 4$/m);
    expect(text).toMatch(/^tensorgate_config_reloads_total\{result="applied"\} 1$/m);
    expect(text).toMatch(new RegExp(`^tensorgate_config_info\\{fingerprint="${fingerprint}"\\} 1$`, "m"));
  }
  const answered = (): unknown[] =>
    gateway.log.filter((line) => line["request"] === "POST /admin/reload").map((line) => line["pid"]);
  await expect.poll(() => new Set(answered()).size).toBe(2);
});

const REGRESS = {
  path: "/v1/models/half:regress",
  body: '{"signature_name":"regress_x_to_y2","examples":[{"x":[2.5]}]}',
};

test("ramps are told and commanded, shadows of all processes shown, and requests explained", {
  timeout: 90_000,
}, async () => {
  const split = [
    { name: "old", version: 123, weight: 1 },
    { name: "new", version: 124 },
  ];
  await using gateway = await startTensorgate(
    config({
      gateway: { processes: 2 },
      routes: [
        {
          name: "grow",
          match: { model: "half", headers: { "x-grow": "1" } },
          split,
          ramp: { arm: "new", steps: [{ percent: "20%", for: "1h" }, { percent: "50%" }] },
        },
        {
          name: "mirror",
          match: { model: "half" },
          to: [{ version: 123 }],
          shadow: { version: 124, samplesPerMinute: 60 },
        },
      ],
    }),
  );
  await gateway.ready();
  const command = (word: string, route = "grow") => admin(gateway, "POST", `routes/${route}/ramp/${word}`);
  expect((await admin(gateway, "GET", "status")).json.ramps).toMatchObject([
    { route: "grow", phase: "running", percent: 20 },
  ]);
  expect((await command("pause")).json).toMatchObject({ phase: "paused", percent: 20 });
  expect((await command("roll-back")).json).toMatchObject({ phase: "rolledBack", percent: 0 });
  const senseless = await command("resume");
  expect([senseless.status, senseless.json.error]).toEqual([400, expect.stringContaining("restart begins it anew")]);
  expect((await command("restart")).json).toMatchObject({ phase: "running", percent: 20 });
  expect((await command("pause", "mirror")).status).toBe(404);
  expect((await command("stop")).status).toBe(404);

  for (const { status } of await fourTimes(gateway, REGRESS)) expect(status).toBe(200);
  await expect
    .poll(async () => (await admin(gateway, "GET", "status")).json.shadows.length, { timeout: 10_000 })
    .toBeGreaterThanOrEqual(4);
  const { shadows } = (await admin(gateway, "GET", "status")).json;
  expect(shadows[0]).toMatchObject({ route: "mirror", target: "124", maxAbsDifference: 1 });

  const { json } = await admin(gateway, "GET", "explain?model=half&header=x-grow%3D1");
  expect(json).toMatchObject({ route: { name: "grow", ramp: { arm: "new", percent: 20 } } });
  expect((await admin(gateway, "GET", "explain?model=half")).json).toMatchObject({
    route: { name: "mirror" },
    target: { model: "half", version: "123" },
    passedOver: [{ name: "grow" }],
  });
  expect((await admin(gateway, "GET", "explain")).status).toBe(400);
  const { code, stdout } = await tensorgate("config", "explain", "--model=half", `--url=${gateway.rest}`);
  expect(code).toBe(0);
  expect(stdout).toContain("goes to    half version 123");
});
