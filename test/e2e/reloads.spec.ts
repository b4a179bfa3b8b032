import { writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { inFlight } from "../setup/departures.ts";
import { GrpcClient } from "../setup/grpc-client.ts";
import { exchange, type HttpReply } from "../setup/http.ts";
import { type LogLine, MODELS, ROOT, startTensorgate, type Tensorgate, withFreePorts } from "../setup/tensorgate.ts";

const RELOADS = 1000;
/** Before them, so that what is made once is there, and V8 has compiled what runs often. */
const WARM = 100;

const NODE_OPTIONS = process.env["NODE_OPTIONS"];

afterEach(() => {
  if (NODE_OPTIONS === undefined) delete process.env["NODE_OPTIONS"];
  else process.env["NODE_OPTIONS"] = NODE_OPTIONS;
});

const half = { name: "half", path: join(MODELS, "half_plus_two"), versions: { latest: 2 } };
const labels = { stable: 123, canary: 124 };

/** Sockets of the moment, between two requests. */
const ATTENDANT = 3;

/** V8 goes on compiling, some hundred bytes a reload; the least that a configuration left behind would take is far more. */
const MOST_LEFT_BYTES = 3000;

/** Two configurations that differ in all that a reload swaps, and two that are wrong. */
const CONFIGS: readonly object[] = [
  {
    models: [{ ...half, labels }],
    routes: [
      { name: "beta", match: { model: "half", headers: { "x-tenant": { prefix: "b" } } }, to: [{ label: "canary" }] },
      {
        name: "split",
        match: { model: "half" },
        split: [
          { label: "stable", weight: 9 },
          { label: "canary", weight: 1 },
        ],
        sticky: { header: "x-user" },
        shadow: { label: "canary", percent: "10%" },
        responseHeaders: { "x-config": "a" },
      },
    ],
    clients: [{ name: "one", token: "t-1" }],
  },
  {
    models: [{ ...half, labels, batching: { maxRows: 8 } }],
    routes: [
      {
        name: "split",
        match: { model: "half" },
        split: [
          { label: "stable", weight: 1 },
          { version: 124, weight: 1 },
        ],
        fallback: [{ version: 123 }],
        responseHeaders: { "x-config": "b" },
      },
    ],
    resilience: { timeout: "20s", breaker: { errorThreshold: "60%" } },
    clients: [{ name: "two", token: "t-2" }],
  },
  { models: [{ ...half, label: labels }] },
  { models: [half], routes: [{ match: { model: "halv" }, to: [{ version: 123 }] }] },
];

function text(which: number): string {
  return JSON.stringify(withFreePorts({ ...CONFIGS[which], admin: { enabled: true } }));
}

/** The kind of the reload with this number: every tenth is wrong, one way or the other. */
function kindOf(i: number): number {
  return i % 10 === 9 ? 2 + (Math.floor(i / 10) % 2) : i % 2;
}

async function reload(gateway: Tensorgate, which: number, agent: Agent): Promise<void> {
  writeFileSync(gateway.configFile, text(which));
  const reply = await new Promise<string>((resolve, reject) => {
    const sent = request(`${gateway.rest}/admin/reload`, { method: "POST", agent }, (response) => {
      let answer = "";
      response.on("data", (chunk) => (answer += String(chunk)));
      response.on("end", () => resolve(`${response.statusCode} ${answer}`));
    });
    sent.on("error", reject).end();
  });
  expect(reply).toMatch(which < 2 ? /^200 [^]*"(applied|unchanged)"/ : /^400 /);
}

interface Memory {
  readonly heapUsed: number;
  readonly arrayBuffers: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly listeners: number;
}

function isMemory({ msg }: LogLine): boolean {
  return msg === "memory";
}

/** Of the gateway's process, once everything that can be collected is. */
async function memoryOf(gateway: Tensorgate): Promise<Memory> {
  const told = gateway.log.filter(isMemory).length;
  gateway.process.kill("SIGUSR2");
  await expect.poll(() => gateway.log.filter(isMemory).length, { timeout: 10_000 }).toBe(told + 1);
  return gateway.log.findLast(isMemory) as unknown as Memory;
}

const BODY = JSON.stringify({ signature_name: "regress_x_to_y2", examples: [{ x: [2.5] }] });

/** Clients of both protocols that send one call after the other until stopped; what was not right, in words. */
function traffic(gateway: Tensorgate): { stop(): Promise<{ lost: string[]; answered: number }> } {
  const grpc = new GrpcClient(gateway.grpc);
  const agent = new Agent({ keepAlive: true });
  const lost: string[] = [];
  let answered = 0;
  const stopped = new AbortController();
  const rest = async (user: number): Promise<string> => {
    const headers = { "x-user": `user-${user}`, "x-tenant": user % 3 === 0 ? "beta" : "other" };
    const { status, text } = await exchange(gateway.rest, { path: "/v1/models/half:regress", body: BODY, headers });
    return /^200 \{\s*"results": \[[45]\.25\]/.test(`${status} ${text}`) ? "" : `${status} ${text}`;
  };
  const overGrpc = async (user: number): Promise<string> => {
    const model_spec = { name: "half", signature_name: "serving_default" };
    const x = { dtype: "DT_FLOAT", tensor_shape: { dim: [{ size: 1 }] }, float_val: [1] };
    const outcome = await grpc.outcome(
      "Predict",
      { model_spec, inputs: { x } },
      { metadata: { "x-user": `user-${user}` } },
    );
    return outcome === "OK" ? "" : outcome;
  };
  const client = async (call: (user: number) => Promise<string>, user: number): Promise<void> => {
    while (!stopped.signal.aborted) {
      const wrong = await call(user).catch(String);
      if (wrong !== "") lost.push(wrong);
      answered++;
    }
  };
  const ended = Promise.all([rest, rest, rest, overGrpc, overGrpc].map(client));
  return {
    async stop() {
      stopped.abort();
      await ended;
      grpc.close();
      agent.destroy();
      return { lost, answered };
    },
  };
}

test("1,000 reloads under load, some of them refused, lose nothing and leave nothing behind", {
  timeout: 240_000,
}, async () => {
  process.env["NODE_OPTIONS"] = `${NODE_OPTIONS ?? ""} --import=${join(ROOT, "test/setup/tell-memory.mjs")}`;
  await using gateway = await startTensorgate({ ...CONFIGS[0], admin: { enabled: true } });
  await gateway.ready();
  const load = traffic(gateway);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; i < WARM; i++) await reload(gateway, kindOf(i), agent);
  const before = await memoryOf(gateway);
  for (let i = 0; i < RELOADS; i++) await reload(gateway, kindOf(i), agent);
  const after = await memoryOf(gateway);
  const { lost, answered } = await load.stop();
  agent.destroy();

  expect(lost).toEqual([]);
  expect(answered).toBeGreaterThan(RELOADS / 5);
  const { json } = await gateway.get("/statusz");
  expect(json).toMatchObject({ ready: true, config: { refused: 1 } });
  expect(after.listeners).toBe(before.listeners);
  for (const [kind, count] of Object.entries(after.resources)) {
    expect(count, kind).toBeLessThanOrEqual((before.resources[kind] ?? 0) + ATTENDANT);
  }
  expect(after.heapUsed - before.heapUsed).toBeLessThan(RELOADS * MOST_LEFT_BYTES);
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(RELOADS * MOST_LEFT_BYTES);
});

test("a call under way ends on what it started with, though its model and its route are gone", async () => {
  const models = [half, { name: "slow", path: join(ROOT, "test/data/models/slow") }];
  const route = {
    name: "headed",
    to: [{ model: "slow" }],
    match: { model: "asked" },
    responseHeaders: { "x-config": "a" },
  };
  await using gateway = await startTensorgate({ models, routes: [route], admin: { enabled: true } });
  await gateway.ready();
  const predict = (ms: number): Promise<HttpReply> =>
    exchange(gateway.rest, { path: "/v1/models/asked:predict", body: JSON.stringify({ inputs: { x: [1], ms } }) });
  expect((await predict(1)).headers["x-config"]).toBe("a");
  const underWay = predict(1500);
  // No model is called so: it is counted under none.
  await expect.poll(() => inFlight(gateway, "")).toBe(1);

  const changed = { ...route, to: [{ model: "half", version: 124 }], responseHeaders: { "x-config": "b" } };
  const config = { models: [half], routes: [changed], admin: { enabled: true } };
  writeFileSync(gateway.configFile, JSON.stringify(withFreePorts(config)));
  expect((await gateway.post("/admin/reload", "")).status).toBe(200);
  const body = JSON.stringify({ instances: [1] });
  const next = await exchange(gateway.rest, { path: "/v1/models/asked:predict", body });
  expect([next.status, next.headers["x-config"]]).toEqual([200, "b"]);
  const { status, headers, text } = await underWay;
  expect([status, headers["x-config"]], text).toEqual([200, "a"]);
});
