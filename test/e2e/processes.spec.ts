import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { codec } from "../../protos/index.ts";
import { descendantsOf, isAlive } from "../setup/processes.ts";
import { MODELS, startTensorgate, type Tensorgate, withFreePorts } from "../setup/tensorgate.ts";

const HALF = { name: "half", path: join(MODELS, "half_plus_two") };
const SLOW = { name: "slow", path: join(import.meta.dirname, "../data/models/slow") };
const PROCESSES = 2;

async function start(config: Record<string, unknown> = {}): Promise<Tensorgate> {
  const gateway = await startTensorgate({ gateway: { processes: PROCESSES }, models: [HALF], ...config });
  for (const pid of members(gateway)) await gateway.logged((line) => line.msg === "ready" && line["pid"] === pid);
  return gateway;
}

function members(gateway: Tensorgate): number[] {
  return descendantsOf(gateway.process.pid as number)
    .filter(({ command }) => command.includes("gateway-process"))
    .map(({ pid }) => pid);
}

/** Each over a connection of its own: processes take turns in accepting them. */
async function askAnew(gateway: Tensorgate, path: string, body?: string): Promise<{ status: number; text: string }> {
  const asked = request(`${gateway.rest}${path}`, { agent: false, method: body === undefined ? "GET" : "POST" });
  asked.end(body);
  const [response] = await once(asked, "response");
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, text };
}

async function predictMany(gateway: Tensorgate, count: number, model = "half"): Promise<Set<string>> {
  const answers = await Promise.all(
    Array.from({ length: count }, () => askAnew(gateway, `/v1/models/${model}:predict`, '{"instances":[1,2,5]}')),
  );
  return new Set(answers.map(({ status, text }) => `${status} ${text.replaceAll(/\s/g, "")}`));
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

const RIGHT = '200 {"predictions":[2.5,3.0,4.5]}';

test("every process answers on the same ports, and the metrics of all are added", async () => {
  await using gateway = await start();
  expect(members(gateway)).toHaveLength(PROCESSES);
  expect(gateway.workerPids()).toHaveLength(1);
  expect(await predictMany(gateway, 20)).toEqual(new Set([RIGHT]));

  const answered = (): unknown[] => gateway.log.filter((line) => line.msg === "access").map((line) => line["pid"]);
  await expect.poll(() => new Set(answered()).size).toBe(PROCESSES);
  for (let scrape = 0; scrape < PROCESSES; scrape++) {
    const { text } = await askAnew(gateway, "/metrics");
    expect(text).toMatch(/^tensorgate_requests_total\{.*method="Predict",model="half".*code="OK"\} 20$/m);
    expect(text).toMatch(/^tensorgate_worker_up\{worker="worker-0"\} 1$/m);
    expect(text).toMatch(/^tensorgate_ready 1$/m);
  }
});

test("kill -9 of a process, or of the worker, is made good", { timeout: 120_000 }, async () => {
  await using gateway = await start({ workers: { count: 2 } });
  const [first = 0, second = 0] = members(gateway);
  process.kill(first, "SIGKILL");
  await gateway.logged((line) => line.msg === "a process of the gateway died" && line["memberPid"] === first);
  await gateway.logged((line) => line.msg === "ready" && ![first, second].includes(line["pid"] as number));
  expect(members(gateway)).toContain(second);
  expect(members(gateway)).toHaveLength(PROCESSES);
  expect(await predictMany(gateway, 10)).toEqual(new Set([RIGHT]));

  const before = gateway.workerPids();
  process.kill(before[0] as number, "SIGKILL");
  expect(await predictMany(gateway, 10)).toEqual(new Set([RIGHT]));
  await gateway.logged((line) => line.msg === "worker is up" && !before.includes(line["workerPid"] as number));
  expect(await predictMany(gateway, 10)).toEqual(new Set([RIGHT]));
});

test("a reload over gRPC has come to every process when it is answered", async () => {
  await using gateway = await start();
  const client = new Client(gateway.grpc, credentials.createInsecure());
  const config = [HALF, { ...HALF, name: "other" }].map(({ name, path }) => ({
    name,
    base_path: path,
    model_platform: "tensorflow",
  }));
  const message = codec("tensorflow.serving.ReloadConfigRequest").encode({
    config: { model_config_list: { config } },
  });
  const reload = "/tensorflow.serving.ModelService/HandleReloadConfigRequest";
  await new Promise<void>((resolve, reject) => {
    client.makeUnaryRequest(reload, asIs, asIs, message, (error) => (error === null ? resolve() : reject(error)));
  });
  client.close();
  expect(await predictMany(gateway, 10, "other")).toEqual(new Set([RIGHT]));
});

test("a changed file acts in every process, also in one that comes later", { timeout: 60_000 }, async () => {
  await using gateway = await start();
  const changed = { gateway: { processes: PROCESSES }, models: [{ ...HALF, name: "renamed" }] };
  writeFileSync(gateway.configFile, JSON.stringify(withFreePorts(changed)));
  await expect.poll(() => predictMany(gateway, 6, "renamed"), { timeout: 20_000 }).toEqual(new Set([RIGHT]));

  const known = members(gateway);
  process.kill(known[0] as number, "SIGKILL");
  await gateway.logged((line) => line.msg === "ready" && !known.includes(line["pid"] as number));
  expect(await predictMany(gateway, 6, "renamed")).toEqual(new Set([RIGHT]));
});

test("a change that comes while a process starts has come to it too, and holds up no later one", async () => {
  await using gateway = await start({ workers: { count: 1 } });
  const before = new Set(members(gateway));
  const [victim] = before;
  process.kill(victim as number, "SIGKILL");
  await expect.poll(() => members(gateway).some((pid) => !before.has(pid)), { interval: 5 }).toBe(true);
  const change = async (name: string): Promise<void> => {
    const count = (): number => gateway.log.filter(({ msg }) => msg === "config applied").length;
    const seen = count();
    const config = withFreePorts({ gateway: { processes: PROCESSES }, models: [HALF, { ...HALF, name }] });
    writeFileSync(gateway.configFile, JSON.stringify(config));
    gateway.process.kill("SIGHUP");
    await expect.poll(count, { timeout: 20_000 }).toBeGreaterThan(seen);
  };
  await change("second");
  await expect.poll(() => predictMany(gateway, 20, "second"), { timeout: 20_000 }).toEqual(new Set([RIGHT]));
  await change("third");
  await expect.poll(() => predictMany(gateway, 20, "third"), { timeout: 20_000 }).toEqual(new Set([RIGHT]));
});

test("SIGTERM ends all of them, with what is under way answered", async () => {
  await using gateway = await start({ models: [HALF, SLOW], server: { drainTimeout: "30s" } });
  const all = descendantsOf(gateway.process.pid as number).map(({ pid }) => pid);
  const asked = Array.from({ length: PROCESSES }, () =>
    askAnew(gateway, "/v1/models/slow:predict", '{"inputs":{"x":[1],"ms":5000}}'),
  );
  const answers = Promise.all(asked);
  // What nobody has accepted yet would be cut off by the system.
  await expect
    .poll(async () => (await askAnew(gateway, "/metrics")).text)
    .toMatch(new RegExp(`^tensorgate_requests_in_flight\\{.*model="slow"\\} ${PROCESSES}$`, "m"));
  expect(await gateway.stop()).toBe(0);
  for (const { status } of await answers) expect(status).toBe(200);
  expect(all.filter(isAlive)).toEqual([]);
});

test("nothing is left of a gateway that is killed", async () => {
  await using gateway = await start();
  const all = descendantsOf(gateway.process.pid as number).map(({ pid }) => pid);
  gateway.process.kill("SIGKILL");
  await expect.poll(() => all.filter(isAlive), { timeout: 10_000 }).toEqual([]);
});

test("a port that is taken is told as by one process", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const server = { rest: { port } };
  await expect(startTensorgate({ gateway: { processes: PROCESSES }, models: [HALF], server })).rejects.toThrow(
    `cannot listen for REST: 127.0.0.1:${port} is already in use`,
  );
  taken.close();
});
