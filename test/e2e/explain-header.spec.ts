import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GrpcClient } from "../setup/grpc-client.ts";
import { predictGrpc, predictRest } from "../setup/predict-both.ts";
import { MODELS, startTensorgate, withFreePorts } from "../setup/tensorgate.ts";

const ASKED = { "x-tensorgate-explain": "1" };
const X = { model: "half_plus_two", inputs: { x: [1] } };

function config(explainHeader: boolean, routesBefore = 0): Record<string, unknown> {
  const others = Array.from({ length: routesBefore }, (_, i) => ({
    name: `other ${i}`,
    match: { model: "half_plus_two", headers: { "x-other": `${i}` } },
    to: [{ version: 124 }],
  }));
  return withFreePorts({
    admin: { explainHeader },
    models: [{ name: "half_plus_two", path: join(MODELS, "half_plus_two"), versions: { latest: 2 } }],
    routes: [
      ...others,
      { name: "küche", match: { model: "half_plus_two", headers: { "x-tenant": "k" } }, to: [{ version: 123 }] },
    ],
  });
}

test("a request that asks for it is told where it went and why, where that is allowed", {
  timeout: 60_000,
}, async () => {
  await using gateway = await startTensorgate(config(false));
  await gateway.ready();
  const client = new GrpcClient(gateway.grpc);
  const asked = { ...X, headers: { ...ASKED, "x-tenant": "k" } };
  for (const predict of [() => predictRest(gateway, asked), () => predictGrpc(client, asked)]) {
    const { outcome, header } = await predict();
    expect([outcome, header("x-tensorgate-explain")]).toEqual(["OK", undefined]);
  }

  writeFileSync(gateway.configFile, JSON.stringify(config(true)));
  await gateway.logged((line) => line.msg === "config applied");
  for (const predict of [() => predictRest(gateway, asked), () => predictGrpc(client, asked)]) {
    const told = (await predict()).header("x-tensorgate-explain") ?? "";
    expect(told).toMatch(/^[ -~]+$/);
    expect(JSON.parse(told)).toMatchObject({
      route: { name: "küche" },
      target: { model: "half_plus_two", version: "123" },
      because: "the route's target",
    });
  }
  const without = await predictRest(gateway, { ...X, headers: ASKED });
  expect(JSON.parse(without.header("x-tensorgate-explain") ?? "")).toMatchObject({
    target: { version: "124" },
    passedOver: [{ name: "küche" }],
  });
  const failed = await predictRest(gateway, { ...X, model: "nobody", headers: ASKED });
  expect(failed.outcome).toMatch(/^404/);
  expect(JSON.parse(failed.header("x-tensorgate-explain") ?? "")).toMatchObject({ error: { code: "NOT_FOUND" } });
  const notAsking = await predictRest(gateway, X);
  expect(notAsking.header("x-tensorgate-explain")).toBe(undefined);
  client.close();
});

test("what would be too long for a header goes without the routes that it passed over", async () => {
  await using gateway = await startTensorgate(config(true, 200));
  await gateway.ready();
  const { header } = await predictRest(gateway, { ...X, headers: { ...ASKED, "x-tenant": "k" } });
  const told = header("x-tensorgate-explain") ?? "";
  expect(told.length).toBeLessThan(4096);
  expect(JSON.parse(told)).toMatchObject({ route: { name: "küche" }, passedOver: [], morePassedOver: 200 });
});
