import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { untilNotLost } from "../setup/load.ts";
import { MODELS, startTensorgate, type Tensorgate, withFreePorts } from "../setup/tensorgate.ts";

function splitConfig(stable: number, canary: number): Record<string, unknown> {
  return withFreePorts({
    models: [
      {
        name: "half_plus_two",
        path: join(MODELS, "half_plus_two"),
        versions: { latest: 2 },
        labels: { stable: 123, canary: 124 },
      },
    ],
    routes: [
      { match: { model: "half_plus_two", headers: { "x-tenant": "beta" } }, to: [{ label: "canary" }] },
      {
        match: { model: "half_plus_two" },
        split: [
          { label: "stable", weight: stable },
          { version: 124, weight: canary },
        ],
        sticky: { header: "x-user-id" },
      },
    ],
  });
}

const body = { signature_name: "regress_x_to_y2", examples: [{ x: [2.5] }] };
/** Version 123 answers 4.25, version 124 one more: the two differ in this signature alone. */
async function versionThatAnswers(gateway: Tensorgate, headers: Record<string, string> = {}, of = ""): Promise<number> {
  const response = await fetch(`${gateway.rest}/v1/models/half_plus_two${of}:regress`, {
    method: "POST",
    body: JSON.stringify(body),
    headers,
  });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return (JSON.parse(text) as { results: number[] }).results[0] === 4.25 ? 123 : 124;
}

async function canaryShare(gateway: Tensorgate, calls: number): Promise<number> {
  let canary = 0;
  const client = async (share: number): Promise<void> => {
    for (let i = 0; i < share; i++) if ((await versionThatAnswers(gateway)) === 124) canary++;
  };
  await Promise.all(Array.from({ length: 16 }, () => client(calls / 16)));
  return canary / calls;
}

/** Four standard deviations of a binomial share. */
function bound(share: number, calls: number): number {
  return 4 * Math.sqrt((share * (1 - share)) / calls);
}

test("a 90/10 split is met over 4,000 requests, and moves to 70/30 when the running file says so, losing nothing", {
  timeout: 180_000,
}, async () => {
  await using gateway = await startTensorgate(splitConfig(90, 10));
  await gateway.ready();
  expect(Math.abs((await canaryShare(gateway, 4000)) - 0.1)).toBeLessThan(bound(0.1, 4000));

  const load = untilNotLost(gateway, 4);
  writeFileSync(gateway.configFile, JSON.stringify(splitConfig(70, 30)));
  await gateway.logged((line) => line.msg === "config applied");
  expect(Math.abs((await canaryShare(gateway, 4000)) - 0.3)).toBeLessThan(bound(0.3, 4000));
  expect(await load.stop()).toEqual([]);
});

test("headers route, users stick to their arm, and an explicit version or label is served as asked", async () => {
  await using gateway = await startTensorgate(splitConfig(50, 50));
  await gateway.ready();
  for (let i = 0; i < 10; i++) {
    expect(await versionThatAnswers(gateway, { "x-tenant": "beta" })).toBe(124);
    expect(await versionThatAnswers(gateway, { "x-tenant": "beta" }, "/labels/stable")).toBe(123);
    expect(await versionThatAnswers(gateway, {}, "/versions/123")).toBe(123);
  }
  const arms = new Set<number>();
  for (let user = 0; user < 20; user++) {
    const headers = { "x-user-id": `user-${user}` };
    const first = await versionThatAnswers(gateway, headers);
    arms.add(first);
    for (let i = 0; i < 5; i++) expect(await versionThatAnswers(gateway, headers)).toBe(first);
  }
  expect(arms).toEqual(new Set([123, 124]));
});

test("a wrong file is refused whole and the last good one stays; a good one renamed over it acts", async () => {
  await using gateway = await startTensorgate(splitConfig(100, 0));
  await gateway.ready();
  writeFileSync(gateway.configFile, JSON.stringify({ ...splitConfig(0, 100), routs: [] }));
  const refused = await gateway.logged((line) => line.msg?.startsWith("config refused") === true);
  expect(JSON.stringify(refused)).toContain("routes");
  expect(await versionThatAnswers(gateway)).toBe(123);

  writeFileSync(`${gateway.configFile}.new`, JSON.stringify(splitConfig(0, 100)));
  renameSync(`${gateway.configFile}.new`, gateway.configFile);
  await gateway.logged((line) => line.msg === "config applied");
  expect(await versionThatAnswers(gateway)).toBe(124);
});
