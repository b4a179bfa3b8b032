import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { admin } from "../setup/admin.ts";
import { untilNotLost } from "../setup/load.ts";
import { tensorgate } from "../setup/run-cli.ts";
import {
  MODELS,
  startProgram,
  startTensorgate,
  startWorker,
  type Tensorgate,
  withFreePorts,
} from "../setup/tensorgate.ts";

const HALF = { name: "half", path: join(MODELS, "half_plus_two"), versions: { latest: 2 } };
const NEXT = { name: "next", path: join(MODELS, "half_plus_two"), labels: { stable: 124 } };

function config(more: Record<string, unknown> = {}): Record<string, unknown> {
  return withFreePorts({ models: [HALF], admin: { enabled: true }, ...more });
}

async function reload(gateway: Tensorgate, more: Record<string, unknown> = {}, padding = ""): Promise<number> {
  writeFileSync(gateway.configFile, JSON.stringify(config(more)) + padding);
  return (await admin(gateway, "POST", "reload")).status;
}

const predicted = async (gateway: Tensorgate, model: string): Promise<number> =>
  (await gateway.predict(model, { instances: [1] })).status;

test.for([
  ["", ""],
  [", in a file so long that a thread reads it", `\n# ${"x".repeat(40_000)}`],
])(
  "a route sends calls to a model that was added, also after a restart%s",
  { timeout: 60_000 },
  async ([, padding]) => {
    const routes = [{ name: "moved", match: { model: "old", version: "any" }, rewrite: { model: "next" } }];
    await using gateway = await startTensorgate(config());
    await gateway.ready();
    expect(await reload(gateway, { routes }, padding)).toBe(400);
    expect((await admin(gateway, "POST", "models?wait=20s", { body: NEXT })).status).toBe(201);
    expect(await reload(gateway, { routes }, padding)).toBe(200);
    expect(await predicted(gateway, "old")).toBe(200);

    const kept = await admin(gateway, "DELETE", "models/next");
    expect([kept.status, kept.json.error]).toEqual([409, expect.stringContaining('route "moved"')]);
    const { code } = await tensorgate("config", "check", gateway.configFile);
    expect(code).toBe(0);

    await gateway.stop();
    await using again = await startProgram(["serve", `--config=${gateway.configFile}`], gateway.configFile);
    await again.ready();
    expect(await predicted(again, "old")).toBe(200);
    expect(await reload(again, {}, padding)).toBe(200);
    expect((await admin(again, "DELETE", "models/next")).status).toBe(200);
  },
);

test("an added model outlives its pool, is named where one looks, and is served again when the pool is back", {
  timeout: 60_000,
}, async () => {
  await using worker = await startWorker(["--port=0"]);
  const pools = [{ name: "far", endpoints: [worker.address] }];
  await using gateway = await startTensorgate(config({ pools }));
  await gateway.ready();
  expect((await admin(gateway, "POST", "models?wait=20s", { body: { ...NEXT, pool: "far" } })).status).toBe(201);
  expect(await predicted(gateway, "next")).toBe(200);

  expect(await reload(gateway)).toBe(200);
  const problem = 'no pool is called "far"';
  const { json } = await admin(gateway, "GET", "status");
  expect(json.models).toMatchObject([{ name: "half" }, { name: "next", problem }]);
  expect((await admin(gateway, "GET", "models/next")).json).toMatchObject({ origin: "admin", problem });
  const readiness = await gateway.get("/readyz");
  expect([readiness.status, readiness.json]).toEqual([503, [`model next: ${problem}`]]);
  expect((await tensorgate("status", `--url=${gateway.rest}`)).stdout).toContain(problem);
  await gateway.logged((line) => line["model"] === "next" && line.msg?.includes(problem) === true);
  await expect.poll(() => predicted(gateway, "next"), { timeout: 10_000 }).toBe(404);
  expect(await predicted(gateway, "half")).toBe(200);

  // The next start takes it so, too.
  await gateway.stop();
  await using again = await startProgram(["serve", `--config=${gateway.configFile}`], gateway.configFile);
  await again.logged((line) => line["model"] === "next" && line.msg?.includes(problem) === true);
  expect(await reload(again, { pools })).toBe(200);
  await again.ready();
  expect(await predicted(again, "next")).toBe(200);

  expect(await reload(again)).toBe(200);
  expect((await admin(again, "DELETE", "models/next")).status).toBe(200);
  await again.ready();
  expect((await admin(again, "GET", "status")).json.models).toMatchObject([{ name: "half" }]);
});

const statuses = (replies: readonly { readonly status: number }[]): number[] =>
  replies.map(({ status }) => status).toSorted((a, b) => a - b);

test("models that come and go at once, during reloads too, cost no call for another one", {
  timeout: 90_000,
}, async () => {
  const models = [{ ...HALF, name: "half_plus_two" }];
  await using gateway = await startTensorgate(config({ gateway: { processes: 2 }, models }));
  await gateway.ready();
  const load = untilNotLost(gateway, 3);
  await load.answered(50);
  const add = (wait: string) => admin(gateway, "POST", `models${wait}`, { body: NEXT });
  const remove = () => admin(gateway, "DELETE", "models/next");
  for (let i = 0; i < 4; i++) {
    const [first, second, reloaded] = await Promise.all([add("?wait=20s"), add(""), admin(gateway, "POST", "reload")]);
    expect(statuses([first, second])).toEqual([201, 409]);
    expect(reloaded.status).toBe(200);
    // By whichever process: who waits waits for all, whoever of the two has added it.
    await expect.poll(() => predicted(gateway, "next"), { timeout: 20_000 }).toBe(200);
    expect(statuses(await Promise.all([remove(), remove()]))).toEqual([200, 404]);
    expect((await add("?wait=20s")).status).toBe(201);
    expect(await predicted(gateway, "next")).toBe(200);
    expect((await remove()).status).toBe(200);
  }
  await load.answered(50);
  expect(await load.stop()).toEqual([]);
});
