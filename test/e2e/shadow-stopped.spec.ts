import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectOutcomes, shadowOutcomes } from "../setup/shadow-figures.ts";
import { MODELS, startTensorgate, startWorker, type Tensorgate } from "../setup/tensorgate.ts";

const half = "half_plus_two";

let candidate: Awaited<ReturnType<typeof startWorker>>;
let gateway: Tensorgate;

beforeAll(async () => {
  candidate = await startWorker(["--port=0"]);
  gateway = await startTensorgate({
    models: [{ name: half, path: join(MODELS, half) }],
    pools: [{ name: "candidate", endpoints: [candidate.address] }],
    routes: [
      {
        name: "mirror",
        match: { model: half },
        to: [{ version: "latest" }],
        shadow: { pool: "candidate", maxInFlight: 4, timeout: "5s" },
      },
    ],
  });
  await gateway.ready();
});
afterAll(async () => {
  candidate.process.kill("SIGCONT");
  await gateway[Symbol.asyncDispose]();
  await candidate[Symbol.asyncDispose]();
});

async function ask(): Promise<void> {
  const reply = await gateway.predict(half, { instances: [1] });
  expect(reply.json).toEqual({ predictions: [2.5] });
}

test("a shadow that stands still holds up no caller: copies run into its limits, and into its timeout", async () => {
  // Its endpoint serves the model once the gateway has heard of it.
  await expect
    .poll(async () => {
      await ask();
      return (await shadowOutcomes(gateway, "mirror"))["equal"] ?? 0;
    })
    .toBeGreaterThan(0);
  const { equal = 0, error = 0 } = await shadowOutcomes(gateway, "mirror");

  candidate.process.kill("SIGSTOP");
  const began = performance.now();
  for (let i = 0; i < 20; i++) await ask();
  const tookMs = performance.now() - began;
  // None of them has waited for a copy: four are under way, for five seconds each.
  await expectOutcomes(gateway, "mirror", { equal, dropped: 16, ...(error === 0 ? {} : { error }) });
  expect(tookMs).toBeLessThan(5000);
  await expectOutcomes(gateway, "mirror", { equal, dropped: 16, error: error + 4 });
  await gateway.logged((line) => line.msg === "a shadow has not answered" && line["code"] === "DEADLINE_EXCEEDED");

  candidate.process.kill("SIGCONT");
  await expect
    .poll(async () => {
      await ask();
      return (await shadowOutcomes(gateway, "mirror"))["equal"] ?? 0;
    })
    .toBeGreaterThan(equal);
});

test("copies under way do not hold up the end of the gateway", async () => {
  candidate.process.kill("SIGSTOP");
  await ask();
  const began = performance.now();
  expect(await gateway.stop()).toBe(0);
  expect(performance.now() - began).toBeLessThan(2500);
});
