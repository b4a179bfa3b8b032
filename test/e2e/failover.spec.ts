import { join } from "node:path";
import { expect, test } from "vitest";
import { untilNotLost } from "../setup/load.ts";
import { isAlive } from "../setup/processes.ts";
import { MODELS, startTensorgate } from "../setup/tensorgate.ts";

const models = [{ name: "half_plus_two", path: join(MODELS, "half_plus_two") }];

test("kill -9 of a worker under load is seen by no client, and the worker comes back", {
  timeout: 120_000,
}, async () => {
  await using gateway = await startTensorgate({ models, workers: { count: 2 } });
  await gateway.ready();
  const before = gateway.workerPids();
  expect(before).toHaveLength(2);

  const load = untilNotLost(gateway, 16);
  await load.answered(500);
  process.kill(before[0] as number, "SIGKILL");
  await load.answered(500);
  await gateway.logged((line) => line.msg === "worker is up" && !before.includes(line["workerPid"] as number));
  await load.answered(500);
  expect(await load.stop()).toEqual([]);

  const after = gateway.workerPids();
  expect(after).toHaveLength(2);
  expect(after).toContain(before[1]);
  expect(after).not.toContain(before[0]);
});

test("with one worker, a call that finds it dead is answered once it is back, or 503", async () => {
  await using gateway = await startTensorgate({ models, workers: { count: 1 } });
  await gateway.ready();
  const [pid] = gateway.workerPids();
  process.kill(pid as number, "SIGKILL");
  const reply = await gateway.predict("half_plus_two", { instances: [1] });
  expect([200, 503]).toContain(reply.status);
  await gateway.ready();
  expect((await gateway.predict("half_plus_two", { instances: [1] })).json).toEqual({ predictions: [2.5] });
});

test("workers end with a gateway that is killed", async () => {
  await using gateway = await startTensorgate({ models, workers: { count: 2 } });
  await gateway.ready();
  const pids = gateway.workerPids();
  gateway.process.kill("SIGKILL");
  await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([]);
});

test("the log says when the gateway is ready, where to call it, and who wrote each line", async () => {
  await using gateway = await startTensorgate({ models, workers: { count: 1 } });
  await gateway.logged((line) => line.msg === "ready");
  expect((await gateway.get("/readyz")).status).toBe(200);
  process.kill(gateway.workerPids()[0] as number, "SIGKILL");
  expect((await gateway.logged((line) => line.msg === "not ready"))["missing"]).toEqual(["no worker is connected"]);

  const own = gateway.log.filter((line) => line["name"] === "gateway");
  const { url } = own.find((line) => line.msg === "listening") as { url?: string };
  expect(url).toBe(`${gateway.rest}/v1/models`);
  expect(new Set(own.map((line) => line["pid"]))).toEqual(new Set([gateway.process.pid]));
  expect(own.map((line) => line.msg)).toContain("worker died");
});
