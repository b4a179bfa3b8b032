import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { untilNotLost } from "../setup/load.ts";
import { type NameServer, startNameServer } from "../setup/name-server.ts";
import { PredictionClient } from "../setup/prediction-client.ts";
import { MODELS, startTensorgate, startWorker, type Tensorgate, withFreePorts } from "../setup/tensorgate.ts";

type Worker = Awaited<ReturnType<typeof startWorker>>;

const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));
const PATIENCE = { timeout: 60_000, interval: 100 };
/** Long enough for a worker that reads them to be told from those that do not. */
const NUMBERS = 4_000;
const USERS = Array.from({ length: 24 }, (_, i) => i);

let names: NameServer;
let gateway: Tensorgate;
/** The first stands in a list, by its IPv6 address where there are such, the second as a name, and the third is found by DNS. */
const workers: Worker[] = [];
/** To each worker past the gateway. */
let clients: readonly PredictionClient[] = [];

beforeAll(async () => {
  const flags = [["--host=::1", "--port=any"], ["--port=any"], ["--port=any"]];
  workers.push(...(await Promise.all(flags.map((each, i) => startWorker(i > 0 || hasIPv6 ? each : each.slice(1))))));
  clients = workers.map(({ address }) => new PredictionClient(address));
  names = await startNameServer();
  names.names.set("third.test", { A: ["127.0.0.1"] });
  gateway = await startTensorgate(configOf({ balance: "roundRobin" }));
}, 120_000);

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  for (const client of clients) client.close();
  await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
  await names?.[Symbol.asyncDispose]();
}, 60_000);

interface Balance {
  readonly balance: string;
  /** Of the workers, in their order. */
  readonly priorities?: readonly number[];
}

function configOf({ priorities = [0, 0, 0], balance }: Balance): Record<string, unknown> {
  const [first, second, third] = workers as [Worker, Worker, Worker];
  return {
    workers: { count: 0 },
    pools: [
      {
        name: "far",
        balance,
        endpoints: [
          { address: first.address, priority: priorities[0] },
          { address: `localhost:${portOf(second)}`, priority: priorities[1] },
        ],
        dns: { address: `third.test:${portOf(third)}`, priority: priorities[2] },
        dnsServers: names.address,
      },
    ],
    models: [{ name: "half_plus_two", path: join(MODELS, "half_plus_two"), pool: "far" }],
  };
}

function portOf({ address }: Worker): string {
  return address.slice(address.lastIndexOf(":") + 1);
}

async function reload(balance: Balance): Promise<void> {
  const before = gateway.log.length;
  writeFileSync(`${gateway.configFile}.new`, JSON.stringify(withFreePorts(configOf(balance))));
  renameSync(`${gateway.configFile}.new`, gateway.configFile);
  await expect.poll(() => gateway.log.slice(before).map(({ msg }) => msg), PATIENCE).toContain("config applied");
}

async function up(): Promise<number> {
  const { text } = await gateway.get("/metrics");
  return Number(/^tensorgate_pool_endpoints\{pool="far",state="up"\} (\d+)$/m.exec(text)?.[1]);
}

/** Whether all workers are connected, and have the model. */
async function allServe(): Promise<boolean> {
  const request = { model_spec: { name: "half_plus_two" }, metadata_field: ["signature_def"] };
  const answers = await Promise.allSettled(clients.map((client) => client.call("GetModelMetadata")(request)));
  return answers.every(({ status }) => status === "fulfilled") && (await up()) === workers.length;
}

/** What a process has read so far, in bytes; 0 once it has ended. */
function bytesRead({ process: { pid, signalCode } }: Worker): number {
  if (signalCode !== null) return 0;
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
}

/**
 * The index of the worker that answers all calls of a user, -1 where several do. Each call has the same body, which is
 * what a ring goes by.
 */
async function workerOf(user: number): Promise<number> {
  const body = { instances: Array.from({ length: NUMBERS }, () => user) };
  const before = workers.map(bytesRead);
  for (let i = 0; i < 3; i++) {
    const { status, json } = await gateway.predict("half_plus_two", body);
    expect([status, json.predictions[0]]).toEqual([200, user / 2 + 2]);
  }
  return workers.findIndex((worker, i) => bytesRead(worker) - (before[i] as number) >= 3 * 4 * NUMBERS);
}

async function owners(): Promise<readonly number[]> {
  const found: number[] = [];
  for (const user of USERS) found.push(await workerOf(user));
  return found;
}

/** Clients that call all the while; none of their calls is lost. */
async function underLoad(act: (answered: () => Promise<void>) => Promise<void>): Promise<void> {
  const load = untilNotLost(gateway, 6);
  await load.answered(60);
  await act(() => load.answered(60));
  expect(await load.stop()).toEqual([]);
}

test.for<Balance & { readonly name: string }>([
  { name: "the less busy of two", balance: "leastRequest" },
  { name: "the least busy", balance: "leastLoaded" },
  { name: "each in turn", balance: "roundRobin" },
  { name: "priorities", balance: "roundRobin", priorities: [1, 0, 1] },
  { name: "a ring", balance: "ringHash" },
])(
  "by $name, no call is lost while a worker is killed and another one hangs, nor when they are back",
  {
    timeout: 180_000,
  },
  async (balance) => {
    await reload(balance);
    await expect.poll(allServe, PATIENCE).toBe(true);
    const isRing = balance.balance === "ringHash";
    const isFirst = balance.priorities !== undefined;
    const before = isRing || isFirst ? await owners() : [];
    expect(new Set(before)).toEqual(new Set(isRing ? [0, 1, 2] : isFirst ? [1] : []));

    const [hanging, killed] = workers as [Worker, Worker, Worker];
    await underLoad(async (answered) => {
      killed.process.kill("SIGKILL");
      await once(killed.process, "exit");
      await answered();
    });
    if (isRing) {
      // Only keys of the one that is lost have moved.
      await expect.poll(up, PATIENCE).toBe(2);
      const after = await owners();
      expect(after).not.toContain(1);
      expect(after.map((owner, i) => (before[i] === 1 ? 1 : owner))).toEqual(before);
    }
    await underLoad(async (answered) => {
      hanging.process.kill("SIGSTOP");
      await expect.poll(up, PATIENCE).toBe(1);
      await answered();
      hanging.process.kill("SIGCONT");
      workers[1] = await startWorker([`--port=${portOf(killed)}`]);
      await expect.poll(allServe, PATIENCE).toBe(true);
      await answered();
    });
    if (isRing || isFirst) expect(await owners()).toEqual(before);
  },
);
