import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { descendantsOf } from "../setup/processes.ts";
import { type LogLine, MODELS, ROOT, startTensorgate, type Tensorgate, withFreePorts } from "../setup/tensorgate.ts";

const TEST_MODELS = join(ROOT, "test/data/models");

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorgate-ramps-"));
  mkdirSync(join(folder, "model"));
  for (const [version, model] of [
    ["1", "outputs"],
    ["2", "failing"],
  ] as const) {
    cpSync(join(TEST_MODELS, model, "1"), join(folder, "model", version), { recursive: true });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HALF = {
  name: "half_plus_two",
  path: join(MODELS, "half_plus_two"),
  versions: { latest: 2 },
  labels: { stable: 123, canary: 124 },
};
const BODY = { signature_name: "regress_x_to_y2", examples: [{ x: [2.5] }] };

/** Ramps the label canary. */
function rampConfig(ramp: Record<string, unknown>, more: Record<string, unknown> = {}): Record<string, unknown> {
  return withFreePorts({
    models: [HALF],
    routes: [
      {
        name: "half",
        match: { model: "half_plus_two" },
        split: [{ label: "stable" }, { label: "canary" }],
        ramp: { arm: "canary", ...ramp },
      },
    ],
    ...more,
  });
}

/** Version 123 answers 4.25, version 124 one more. */
async function isCanary(gateway: Tensorgate): Promise<boolean> {
  const reply = await gateway.post("/v1/models/half_plus_two:regress", BODY);
  expect(reply.status, reply.text).toBe(200);
  return reply.json.results[0] !== 4.25;
}

async function canaryShare(gateway: Tensorgate, calls: number): Promise<number> {
  const answers = await Promise.all(Array.from({ length: calls }, () => isCanary(gateway)));
  return answers.filter((is) => is).length / calls;
}

/** Calls one after the other until it is stopped; what they were answered with. */
function traffic(call: () => Promise<number>): { stop(): Promise<readonly number[]> } {
  const statuses: number[] = [];
  const stopped = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) statuses.push(await call());
  };
  const running = Promise.all([run(), run()]);
  return {
    async stop() {
      stopped.abort();
      await running;
      return statuses;
    },
  };
}

function rampLines(gateway: Tensorgate): readonly string[] {
  return gateway.log
    .filter(({ msg }) => msg?.startsWith("ramp"))
    .map(({ msg, step, percent }) => `${msg} ${String(step)} ${String(percent)}%`);
}

function says(message: string): (line: LogLine) => boolean {
  return (line) => line.msg === message;
}

function members(gateway: Tensorgate): number[] {
  return descendantsOf(gateway.process.pid as number)
    .filter(({ command }) => command.includes("gateway-process"))
    .map(({ pid }) => pid);
}

async function metric(gateway: Tensorgate, sample: string): Promise<number> {
  const { text } = await gateway.get("/metrics");
  const line = text.split("\n").find((each) => each.startsWith(`${sample} `));
  return Number(line?.slice(sample.length));
}

const PHASE = 'tensorgate_ramp_phase{route="half",phase=';
const RATIO = 'tensorgate_ramp_ratio{route="half",arm="canary"}';

test("an arm that does well grows step by step to all, and nobody notices", async () => {
  const steps = [{ percent: "10%", for: "400ms" }, { percent: "50%", for: "400ms" }, { percent: "100%" }];
  await using gateway = await startTensorgate(rampConfig({ steps, guard: { window: "300ms" } }));
  await gateway.ready();
  const load = traffic(async () => Number(await isCanary(gateway)));
  await gateway.logged(says("ramp is at its last step"));
  expect(await canaryShare(gateway, 20)).toBe(1);
  const arms = await load.stop();
  expect(rampLines(gateway)).toEqual([
    "ramp begins 1 10%",
    "ramp is at its next step 2 50%",
    "ramp is at its last step 3 100%",
  ]);
  expect(new Set(arms)).toEqual(new Set([0, 1]));
  expect(await metric(gateway, RATIO)).toBe(1);
  expect(await metric(gateway, `${PHASE}"done"}`)).toBe(1);
  expect(await metric(gateway, `${PHASE}"running"}`)).toBe(0);
});

/** Ramps a version of which this signature is run; the stable one answers. */
function failing(signature: string, ramp: Record<string, unknown>): Record<string, unknown> {
  return withFreePorts({
    state: { folder: join(folder, "state") },
    models: [{ name: "m", path: join(folder, "model"), versions: { latest: 2 }, labels: { stable: 1, canary: 2 } }],
    routes: [
      {
        name: "half",
        match: { model: "m" },
        split: [{ label: "stable" }, { label: "canary", signature }],
        ramp: { arm: "canary", guard: { minRequests: 10 }, ...ramp },
      },
    ],
  });
}

function stepsFrom(percent: string): Record<string, unknown> {
  return { steps: [{ percent, for: "1h" }, { percent: "100%" }] };
}

function callOf(gateway: Tensorgate): () => Promise<number> {
  return async () => (await gateway.predict("m", { instances: [1] })).status;
}

test("an arm that fails is rolled back by itself, and stays so over restart and reload, until its ramp is changed", {
  timeout: 180_000,
}, async () => {
  {
    await using gateway = await startTensorgate(failing("data_loss", stepsFrom("30%")));
    await gateway.ready();
    const load = traffic(callOf(gateway));
    const line = await gateway.logged(says("ramp rolled back"));
    expect(line["reason"]).toMatch(/^of \d+ requests of canary 100% failed, and 0% of the baseline's/);
    const failed = (await load.stop()).filter((status) => status !== 200).length;
    // What came until the next look, too.
    expect(failed).toBeGreaterThanOrEqual(10);
    expect(await metric(gateway, `${PHASE}"rolled_back"}`)).toBe(1);
    expect(await metric(gateway, 'tensorgate_route_requests_total{route="half",arm="canary",code="DATA_LOSS"}')).toBe(
      failed,
    );
    for (let i = 0; i < 50; i++) expect(await callOf(gateway)()).toBe(200);
    expect(await gateway.stop()).toBe(0);
  }
  {
    await using gateway = await startTensorgate(failing("data_loss", stepsFrom("30%")));
    await gateway.ready();
    expect(rampLines(gateway)).toEqual(["ramp goes on where it was 1 0%"]);
    for (let i = 0; i < 50; i++) expect(await callOf(gateway)()).toBe(200);
    const elsewhere = { ...failing("data_loss", stepsFrom("30%")), resilience: { timeout: "20s" } };
    writeFileSync(gateway.configFile, JSON.stringify(elsewhere));
    await gateway.logged(says("config applied"));
    for (let i = 0; i < 50; i++) expect(await callOf(gateway)()).toBe(200);
    writeFileSync(gateway.configFile, JSON.stringify(failing("data_loss", stepsFrom("40%"))));
    await gateway.logged(says("ramp begins"));
    await expect.poll(callOf(gateway)).not.toBe(200);
  }
});

test("an arm that finds wrong what the other takes is rolled back, though its callers are blamed", async () => {
  await using gateway = await startTensorgate(failing("invalid_argument", stepsFrom("50%")));
  await gateway.ready();
  const load = traffic(callOf(gateway));
  const line = await gateway.logged(says("ramp rolled back"));
  expect(line["reason"]).toMatch(/^canary refused 100% of \d+ requests as wrong, and the baseline 0%/);
  expect(new Set(await load.stop())).toEqual(new Set([200, 400]));
});

test("an arm that is too slow is paused where the guard says so, and keeps its part", async () => {
  const slow = { name: "slow", path: join(TEST_MODELS, "slow") };
  await using gateway = await startTensorgate({
    models: [slow, { ...slow, name: "slower" }],
    routes: [
      {
        name: "half",
        match: { model: "slow" },
        split: [
          { name: "stable", version: "latest" },
          { name: "canary", model: "slower" },
        ],
        ramp: {
          arm: "canary",
          steps: [{ percent: "50%", for: "1h" }, { percent: "100%" }],
          guard: { minRequests: 10, maxLatency: "20ms", onBreach: "pause" },
        },
      },
    ],
  });
  await gateway.ready();
  const call = async (): Promise<number> => (await gateway.predict("slow", { inputs: { x: [1], ms: 25 } })).status;
  const load = traffic(call);
  const line = await gateway.logged(says("ramp paused"));
  expect(line["reason"]).toMatch(/^canary takes [\d.]+ ms at 99%, more than 20 ms/);
  expect(new Set(await load.stop())).toEqual(new Set([200]));
  expect(await metric(gateway, RATIO)).toBe(0.5);
});

test("several processes have one ramp, which counts what each of them has had", { timeout: 60_000 }, async () => {
  const steps = [{ percent: "50%", for: "1h" }, { percent: "100%" }];
  const guard = { minRequests: 100, maxLatency: "0.1ms" };
  await using gateway = await startTensorgate(rampConfig({ steps, guard }, { gateway: { processes: 2 } }));
  for (const pid of members(gateway)) await gateway.logged((line) => line.msg === "ready" && line["pid"] === pid);
  await expect.poll(() => canaryShare(gateway, 60), { timeout: 20_000, interval: 10 }).toBe(0);
  const line = await gateway.logged(says("ramp rolled back"));
  expect(line["reason"]).toMatch(/^canary takes/);
  const answered = gateway.log.filter(({ msg }) => msg === "access").map((access) => access["pid"]);
  expect(new Set(answered).size).toBe(2);
  expect(rampLines(gateway)).toEqual(["ramp begins 1 50%", "ramp rolled back 1 0%"]);
  expect(await metric(gateway, RATIO)).toBe(0);
});

test("the state of a ramp is kept beside the file unless it says where", async () => {
  await using gateway = await startTensorgate(rampConfig({ steps: [{ percent: "10%" }] }));
  await gateway.ready();
  const kept = JSON.parse(
    readFileSync(join(dirname(gateway.configFile), ".tensorgate/tensorgate.json/ramps.json"), "utf8"),
  );
  expect(kept.ramps.half.state).toMatchObject({ phase: "done", step: 0 });
});
