import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exchange } from "../setup/http.ts";
import { testWith } from "../setup/programs.ts";
import { MODELS, startTensorgate, type Tensorgate, withFreePorts } from "../setup/tensorgate.ts";
import { startUpstream } from "../setup/upstream.ts";

const HALF = join(MODELS, "half_plus_two");
const ONE = { instances: [1] };

/** Everything that has metrics of its own. */
function everything(origin: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return withFreePorts({
    admin: { enabled: true },
    models: [
      { name: "half", path: HALF, versions: "all", labels: { stable: 123, canary: 124 } },
      { name: "other", path: HALF },
    ],
    routes: [
      {
        name: "grow",
        match: { model: "half", headers: { "x-grow": "1" } },
        split: [
          { name: "old", label: "stable" },
          { name: "new", label: "canary" },
        ],
        ramp: { arm: "new", steps: [{ percent: "20%", for: "1h" }, { percent: "50%" }] },
      },
      { name: "mirror", match: { model: "half" }, to: [{ version: 123 }], shadow: { version: 124 } },
    ],
    http: [{ name: "web", prefix: "/web", upstream: origin }],
    pools: [{ name: "far", endpoints: ["127.0.0.1:1"] }],
    ...more,
  });
}

async function useEverything(gateway: Tensorgate): Promise<void> {
  for (const model of ["half", "half/versions/124", "other"]) {
    expect((await gateway.predict(model, ONE)).status).toBe(200);
  }
  await exchange(gateway.rest, {
    path: "/v1/models/half:predict",
    body: JSON.stringify(ONE),
    headers: { "x-grow": "1" },
  });
  expect((await gateway.get("/web")).status).toBe(200);
}

async function page(gateway: Tensorgate): Promise<string> {
  return (await gateway.get("/metrics")).text;
}

testWith("promtool")("promtool finds no fault with any metric that there is", async () => {
  await using upstream = await startUpstream((_, response) => response.end("ok"));
  await using gateway = await startTensorgate(everything(upstream.origin));
  await gateway.ready();
  await useEverything(gateway);
  await expect.poll(() => page(gateway)).toContain('tensorgate_shadow_requests_total{route="mirror",target="124"');
  const text = await page(gateway);
  for (const of of ["requests", "route", "shadow", "ramp", "pool", "http", "worker", "config", "batch"]) {
    expect(text).toContain(`# TYPE tensorgate_${of}_`);
  }
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: "" });
});

test("names that nobody has make no series, and what is removed leaves none behind", { timeout: 90_000 }, async () => {
  await using upstream = await startUpstream((_, response) => response.end("ok"));
  await using gateway = await startTensorgate(everything(upstream.origin));
  await gateway.ready();
  await useEverything(gateway);
  for (const path of ["unknown", "half/versions/99", "half/labels/unknown"]) {
    expect((await gateway.predict(path, ONE)).status).toBeGreaterThanOrEqual(400);
  }
  await gateway.predict("half", { ...ONE, signature_name: "unknown" });
  await gateway.get("/unknown");
  const before = await page(gateway);
  expect(before).not.toMatch(/unknown|"99"/);
  const gone = [
    'model="other"',
    'version="124"',
    'route="grow"',
    'route="mirror"',
    'target="124"',
    'name="web"',
    'pool="far"',
  ];
  for (const label of gone) expect(before, label).toContain(label);

  const models = [{ name: "half", path: HALF, versions: { specific: [123] } }];
  writeFileSync(gateway.configFile, JSON.stringify(everything("", { models, routes: [], http: [], pools: [] })));
  expect((await gateway.post("/admin/reload", "")).json.result).toBe("applied");
  // A scrape tells what has been counted until then, and forgets what is gone.
  await expect
    .poll(async () => {
      const text = await page(gateway);
      return gone.filter((label) => text.includes(label));
    })
    .toEqual([]);
  expect(await page(gateway)).toMatch(/^tensorgate_requests_total\{.*model="half",version="123".*code="OK"\} [1-9]/m);
});
