import { join } from "node:path";
import { expect, test } from "vitest";
import { descendantsOf, isAlive } from "../setup/processes.ts";
import { MODELS, startProgram, startTensorgate } from "../setup/tensorgate.ts";

const models = [{ name: "half_plus_two", path: join(MODELS, "half_plus_two") }];

test("SIGTERM with nothing in flight ends everything with status 0 in under 2 seconds", async () => {
  await using gateway = await startTensorgate({ models, workers: { count: 2 } });
  await gateway.ready();
  const below = descendantsOf(gateway.process.pid as number).map(({ pid }) => pid);
  expect(below.length).toBeGreaterThanOrEqual(2);
  const started = performance.now();
  expect(await gateway.stop()).toBe(0);
  expect(performance.now() - started).toBeLessThan(2000);
  expect(below.filter(isAlive)).toEqual([]);
});

test("SIGTERM right after the start, while workers are still loading, ends with status 0 too", async () => {
  await using gateway = await startTensorgate({ models });
  expect(await gateway.stop()).toBe(0);
});

test("a taken port is a clear message and an exit status other than 0", async () => {
  await using gateway = await startTensorgate({ models });
  const port = new URL(gateway.rest).port;
  const second = startProgram([
    "serve",
    "--host=127.0.0.1",
    "--port=any",
    `--rest_api_port=${port}`,
    `--model_base_path=${models[0]?.path}`,
  ]);
  await expect(second).rejects.toThrow(new RegExp(`ended with 1 .*${port}.* in use`, "s"));
});
