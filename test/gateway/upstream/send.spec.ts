import { expect, test } from "vitest";
import { modelName, version } from "../../../core/index.ts";
import { messageOf } from "../../../gateway/answer-content.ts";
import { compileRoutes, resolve } from "../../../gateway/routing/index.ts";
import { createBalancer } from "../../../gateway/upstream/balance/index.ts";
import { createChanges } from "../../../gateway/upstream/changes.ts";
import { Endpoint } from "../../../gateway/upstream/endpoint.ts";
import { Registry } from "../../../gateway/upstream/registry.ts";
import { createRetry } from "../../../gateway/upstream/retry.ts";
import { createSend } from "../../../gateway/upstream/send.ts";
import type { VersionReport } from "../../../protos/index.ts";
import { aCall } from "./calls.ts";
import { startRawServer } from "./raw-server.ts";
import { change, complete, configured, model, row } from "./reports.ts";

const m = modelName("m");
const notFound = { code: 5, details: "Servable not found for request: Specific(m, 2)" };

function setUp(breakerAfter = 1_000) {
  const endpoints: Endpoint[] = [];
  const changes = createChanges();
  const registry = new Registry<Endpoint>(() => changes.notify());
  const send = createSend(registry, { pick: createBalancer({ by: "leastLoaded" }) });
  const retry = createRetry({
    config: () => ({ attempts: 2, budgetPercent: 20 }),
    budget: { deposit: () => {}, take: () => true },
    mayRunTwice: () => true,
    changes,
    mayRecover: () => endpoints.some(({ ready }) => ready),
  });
  const table = compileRoutes({ models: [configured("m")], routes: [] });
  return {
    registry,
    predict: async (): Promise<string> => {
      const call = aCall({ text: "x" });
      const answer = await retry(call, () =>
        send({ call, target: resolve(table, registry, call.spec.name, call.spec.choice), arm: "" }),
      );
      return `${answer.target?.version} ${Buffer.from(messageOf(answer.content)).toString()}`;
    },
    add(target: string, ...versions: VersionReport[]): Endpoint {
      const breaker = {
        errorThresholdPercent: 50,
        windowMs: 10_000,
        minRequests: breakerAfter,
        resetTimeoutMs: 60_000,
      };
      const endpoint = new Endpoint({ name: target, target, breaker, onSuspect: () => {}, onBreaker: () => {} });
      endpoint.found();
      endpoints.push(endpoint);
      registry.report(endpoint, complete(model("m", versions)));
      return endpoint;
    },
    [Symbol.dispose]: () => endpoints.forEach((endpoint) => endpoint.close()),
  };
}

test("a version that was unloaded a moment ago is resolved again, not shown", async () => {
  using old = await startRawServer(() => notFound);
  using other = await startRawServer((message) => message);
  using pool = setUp();
  const gone = pool.add(old.socket, row(1), row(2));
  pool.add(other.socket, row(1));
  expect(await pool.predict()).toBe("1 x");
  expect(pool.registry.endpointsOf(m, version(2))).toEqual([]);
  expect(gone.ready).toBe(true);
});

test("a call that finds the last version unloaded waits for what is there instead", async () => {
  let calls = 0;
  using server = await startRawServer((message) => (++calls === 1 ? notFound : message));
  using pool = setUp();
  const endpoint = pool.add(server.socket, row(2));
  const answer = pool.predict();
  await expect.poll(() => pool.registry.latest(m)).toBeUndefined();
  pool.registry.report(endpoint, change(model("m", [row(3)])));
  expect(await answer).toBe("3 x");
});

test("a version that is nowhere any more is not found, in the end", async () => {
  using old = await startRawServer(() => notFound);
  using pool = setUp();
  const endpoint = pool.add(old.socket, row(2));
  const answer = pool.predict();
  await expect.poll(() => pool.registry.latest(m)).toBeUndefined();
  pool.registry.report(endpoint, change(model("m", [row(2, { state: "END" })])));
  await expect(answer).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: "Servable not found for request: Latest(m)",
  });
});

test("a worker that answers UNAVAILABLE loses its calls to another, however idle it is", async () => {
  using sick = await startRawServer(() => ({ code: 14, details: "ending" }));
  using well = await startRawServer((message) => message);
  using pool = setUp();
  pool.add(sick.socket, row(1));
  pool.add(well.socket, row(1));
  for (let i = 0; i < 20; i++) expect(await pool.predict()).toBe("1 x");
});

test("when all workers are held back by their breakers the answer is 503 at once", async () => {
  using sick = await startRawServer(() => ({ code: 14, details: "sick" }));
  using pool = setUp(1);
  pool.add(sick.socket, row(1));
  await expect(pool.predict()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await expect(pool.predict()).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: "all workers that serve model m are held back after too many failures",
  });
});

test("when no worker is connected it says so", async () => {
  using server = await startRawServer((message) => message);
  using pool = setUp();
  pool.add(server.socket, row(1)).lost();
  await expect(pool.predict()).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: "no worker that serves model m is ready",
    retryable: true,
  });
});
