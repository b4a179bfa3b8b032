import { join } from "node:path";
import { expect, test } from "vitest";
import { untilNotLost } from "../setup/load.ts";
import { MODELS, startTensorgate, startWorker } from "../setup/tensorgate.ts";

test("a gateway tells workers elsewhere what to serve, and loses no call when one of them goes away", {
  timeout: 120_000,
}, async () => {
  await using one = await startWorker(["--port=any"]);
  await using two = await startWorker(["--port=any"]);
  await using gateway = await startTensorgate({
    workers: { endpoints: [one.address, two.address] },
    models: [{ name: "half_plus_two", path: join(MODELS, "half_plus_two") }],
  });
  await gateway.ready();
  expect(gateway.workerPids()).toEqual([]);
  const load = untilNotLost(gateway, 8);
  await load.answered(100);
  one.process.kill("SIGKILL");
  await load.answered(200);
  expect(await load.stop()).toEqual([]);
});
