import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { untilNotLost } from "../setup/load.ts";
import {
  MODELS,
  type Reply,
  ROOT,
  startTensorgate,
  startWorker,
  type Tensorgate,
  withFreePorts,
} from "../setup/tensorgate.ts";

const HALF_PLUS_TWO = join(MODELS, "half_plus_two");

/** A base path with one of the model's versions, as the version that is told. */
function folderOf(version: 123 | 124, as: number = version): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "tensorgate-test-"));
  symlinkSync(join(HALF_PLUS_TWO, `00000${version}`), join(path, String(as)));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * A server with a model of its own: a worker by itself speaks TensorFlow Serving's API, and a pool of kind
 * tensorflow-serving asks it for nothing else.
 */
function startServing(path: string, model = "half_plus_two", port = "any") {
  return startWorker([`--model_name=${model}`, `--model_base_path=${path}`, `--port=${port}`]);
}

const body = { signature_name: "regress_x_to_y2", examples: [{ x: [2.5] }] };

/** Version 123 answers 4.25, version 124 one more: the two differ in this signature alone. Anything else is told as its status. */
async function whoAnswers(gateway: Tensorgate, of = "", headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(`${gateway.rest}/v1/models/half_plus_two${of}:regress`, {
    method: "POST",
    body: JSON.stringify(body),
    headers,
  });
  const text = await response.text();
  if (response.status !== 200) return response.status;
  return (JSON.parse(text) as { results: number[] }).results[0] === 4.25 ? 123 : 124;
}

function rewrite(gateway: Tensorgate, config: Record<string, unknown>): void {
  writeFileSync(`${gateway.configFile}.new`, JSON.stringify(withFreePorts(config)));
  renameSync(`${gateway.configFile}.new`, gateway.configFile);
}

async function metric(gateway: Tensorgate, series: string): Promise<number> {
  const { text } = await gateway.get("/metrics");
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

const PLAIN = { kind: "tensorflow-serving", pollInterval: "100ms" };

test("routes split a model between the local worker and servers elsewhere, which need no path here", {
  timeout: 120_000,
}, async () => {
  using old = folderOf(123);
  using next = folderOf(124);
  await using elsewhere = await startServing(next.path);
  await using gateway = await startTensorgate({
    pools: [{ name: "candidate", ...PLAIN, endpoints: [elsewhere.address] }],
    models: [
      { name: "half_plus_two", path: old.path, labels: { stable: 123 } },
      { name: "digits", pool: "candidate" },
    ],
    routes: [
      { match: { model: "half_plus_two", headers: { "x-to": "candidate" } }, to: [{ pool: "candidate" }] },
      {
        match: { model: "half_plus_two" },
        split: [
          { name: "ours", pool: "local", weight: 50 },
          { name: "theirs", pool: "candidate", weight: 50 },
        ],
      },
    ],
  });
  await gateway.ready();
  const versions: number[] = [];
  for (let i = 0; i < 400; i++) versions.push(await whoAnswers(gateway));
  const theirs = versions.filter((version) => version === 124).length;
  expect(Math.abs(theirs - 200)).toBeLessThan(4 * Math.sqrt(400 * 0.25));
  expect(new Set(versions)).toEqual(new Set([123, 124]));
  const headers = { "x-to": "candidate" };
  for (let i = 0; i < 10; i++) expect(await whoAnswers(gateway, "", headers)).toBe(124);
  // What names its version is served as asked, by the model's own pool.
  expect(await whoAnswers(gateway, "/labels/stable")).toBe(123);
  const { status, json } = await gateway.predict("digits", { instances: [1] });
  expect([status, json.error]).toEqual([404, "Servable not found for request: Latest(digits)"]);
});

test.for([
  // Changes between two looks are found by calls that meet them.
  "1h",
  "100ms",
])(
  "a gateway in front of another one, as of any TensorFlow Serving, learns what that serves and follows it, looking every %s",
  {
    timeout: 120_000,
  },
  async (pollInterval) => {
    using old = folderOf(123);
    const models = [{ name: "half_plus_two", path: old.path }];
    await using far = await startTensorgate({ models });
    await far.ready();
    await using gateway = await startTensorgate({
      workers: { count: 0 },
      pools: [{ name: "far", ...PLAIN, pollInterval, endpoints: [far.grpc] }],
      models: [{ name: "half_plus_two", pool: "far", labels: { stable: 123, next: 124 } }],
    });
    await expect.poll(() => whoAnswers(gateway), { timeout: 20_000 }).toBe(123);
    expect(gateway.workerPids()).toEqual([]);
    expect(await whoAnswers(gateway, "/labels/stable")).toBe(123);
    const { json: metadata } = await gateway.get("/v1/models/half_plus_two/metadata");
    expect(Object.keys(metadata.metadata.signature_def.signature_def)).toContain("regress_x_to_y2");
    expect((await gateway.get("/v1/models/half_plus_two")).json.model_version_status).toMatchObject([
      { version: "123", state: "AVAILABLE" },
    ]);
    // Not told what its graphs write, the gateway joins nothing.
    const { json: page } = await gateway.get("/statusz");
    expect(page.models[0].versions[0].merging.serving_default.is).toBe("refused");

    const load = untilNotLost(gateway, 4);
    await load.answered(50);
    rewrite(far, { models: [{ name: "half_plus_two", path: HALF_PLUS_TWO, versions: { specific: [124] } }] });
    await expect.poll(() => whoAnswers(gateway), { timeout: 20_000 }).toBe(124);
    await load.answered(50);
    expect(await load.stop()).toEqual([]);
    expect(await whoAnswers(gateway, "/labels/next")).toBe(124);
  },
);

test("a server of the next priority answers while the first is away, and only then", { timeout: 180_000 }, async () => {
  using ofFirst = folderOf(123, 1);
  using ofSecond = folderOf(124, 1);
  const first = await startServing(ofFirst.path);
  await using second = await startServing(ofSecond.path);
  const [, port = ""] = first.address.split(":");
  await using gateway = await startTensorgate({
    workers: { count: 0 },
    pools: [
      {
        name: "far",
        ...PLAIN,
        endpoints: [{ address: second.address, priority: 1 }],
        dns: `localhost:${port}`,
      },
    ],
    models: [{ name: "half_plus_two", pool: "far" }],
  });
  await gateway.ready();
  await expect.poll(() => whoAnswers(gateway), { timeout: 20_000 }).toBe(123);
  for (let i = 0; i < 20; i++) expect(await whoAnswers(gateway)).toBe(123);

  const load = untilNotLost(gateway, 4);
  await load.answered(50);
  first.process.kill("SIGKILL");
  await load.answered(50);
  expect(await whoAnswers(gateway)).toBe(124);
  await using again = await startServing(ofFirst.path, "half_plus_two", port);
  expect(again.address).toBe(first.address);
  await expect.poll(() => whoAnswers(gateway), { timeout: 20_000 }).toBe(123);
  await load.answered(50);
  expect(await load.stop()).toEqual([]);
  for (let i = 0; i < 20; i++) expect(await whoAnswers(gateway)).toBe(123);
});

test("over its limits a pool spills to the next priority, and refuses what no endpoint can take", {
  timeout: 120_000,
}, async () => {
  const path = join(ROOT, "test/data/models/slow");
  await using near = await startServing(path, "slow");
  await using far = await startServing(path, "slow");
  await using gateway = await startTensorgate({
    workers: { count: 0 },
    pools: [
      {
        name: "far",
        ...PLAIN,
        endpoints: [near.address, { address: far.address, priority: 1 }],
        limits: { maxInFlightPerEndpoint: 1 },
      },
    ],
    models: [{ name: "slow", pool: "far" }],
  });
  await gateway.ready();
  await expect.poll(() => metric(gateway, 'tensorgate_pool_endpoints{pool="far",state="up"}')).toBe(2);
  const run = (ms: number): Promise<Reply> => gateway.predict("slow", { inputs: { x: [1], ms } });
  const inFlight = (): Promise<number> => metric(gateway, 'tensorgate_pool_requests_in_flight{pool="far"}');
  const long = [run(4_000)];
  await expect.poll(inFlight).toBe(1);
  expect((await run(0)).status).toBe(200);
  long.push(run(4_000));
  await expect.poll(inFlight).toBe(2);
  const refused = await run(0);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await metric(gateway, 'tensorgate_pool_overflows_total{pool="far"}')).toBe(1);
  expect((await Promise.all(long)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await run(0)).status).toBe(200);
});

test("a running file exchanges the workers of a pool, and gives a model to another pool, without a lost request", {
  timeout: 180_000,
}, async () => {
  using old = folderOf(123);
  await using one = await startWorker(["--port=any"]);
  await using two = await startWorker(["--port=any"]);
  const config = (endpoints: readonly string[]): Record<string, unknown> => ({
    pools: [{ name: "far", endpoints }],
    models: [{ name: "half_plus_two", path: old.path, pool: "far" }],
  });
  await using gateway = await startTensorgate(config([one.address]));
  await gateway.ready();
  const load = untilNotLost(gateway, 8);
  await load.answered(100);
  rewrite(gateway, config([two.address]));
  await gateway.logged((line) => line.msg === "endpoint leaves" && line["worker"] === one.address);
  // Nothing goes there any more.
  one.process.kill("SIGKILL");
  await load.answered(100);
  expect(await metric(gateway, 'tensorgate_pool_endpoints{pool="far",state="up"}')).toBe(1);

  rewrite(gateway, { models: [{ name: "half_plus_two", path: HALF_PLUS_TWO }] });
  await expect.poll(() => whoAnswers(gateway), { timeout: 30_000 }).toBe(124);
  await load.answered(100);
  expect(await load.stop()).toEqual([]);
  expect((await gateway.get("/metrics")).text).not.toContain('pool="far"');
});
