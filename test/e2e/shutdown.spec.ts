import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { descendantsOf, isAlive } from "../setup/processes.ts";
import { MODELS, startProgram, startTensorgate } from "../setup/tensorgate.ts";

const models = [{ name: "half_plus_two", path: join(MODELS, "half_plus_two") }];
const slow = { name: "slow", path: join(import.meta.dirname, "../data/models/slow") };

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

test("a client that never closes its connection holds up no end", async () => {
  await using gateway = await startTensorgate({ models, workers: { count: 1 } });
  await gateway.ready();
  const ports = [gateway.grpc.split(":")[1], new URL(gateway.rest).port];
  // Nobody reads these sockets, so nobody sees that the gateway has closed its side.
  const sockets = ports.map((port) => connect(Number(port), "127.0.0.1").on("error", () => {}));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  const started = performance.now();
  expect(await gateway.stop()).toBe(0);
  expect(performance.now() - started).toBeLessThan(2000);
  for (const socket of sockets) socket.destroy();
});

test("a short limit leaves most of itself to what is in flight", async () => {
  await using gateway = await startTensorgate({
    models: [slow],
    workers: { count: 1 },
    server: { drainTimeout: "1400ms" },
  });
  await gateway.ready();
  const answer = gateway.predict("slow", { inputs: { x: [1], ms: 400 } });
  await expect
    .poll(async () => (await gateway.get("/metrics")).text)
    .toMatch(/^tensorgate_requests_in_flight\{.*"slow"\} 1$/m);
  expect(await gateway.stop()).toBe(0);
  expect((await answer).status).toBe(200);
});

test("the log tells what ended the gateway, which calls that has cut off, and when it was done", async () => {
  await using gateway = await startTensorgate({
    models: [slow],
    workers: { count: 1 },
    server: { drainTimeout: "500ms" },
  });
  await gateway.ready();
  const answer = gateway.predict("slow", { inputs: { x: [1], ms: 30_000 } }).catch(() => "cut off");
  await expect
    .poll(async () => (await gateway.get("/metrics")).text)
    .toMatch(/^tensorgate_requests_in_flight\{.*"slow"\} 1$/m);
  await gateway.stop();
  await answer;
  await expect.poll(() => gateway.log.some(({ msg }) => msg === "shut down")).toBe(true);
  const told = gateway.log.filter(({ name, msg }) => name === "gateway" && msg !== "access");
  const last = told.slice(told.findIndex(({ msg }) => msg === "shutting down"));
  expect(last[0]).toMatchObject({ signal: "SIGTERM" });
  expect(last.find(({ msg }) => msg?.endsWith("cut off"))).toMatchObject({ level: 40, calls: 1 });
  expect(last.at(-1)).toMatchObject({ msg: "shut down", tookMs: expect.any(Number) });
});

test("a second signal, not the echo of the first, ends a drain", async () => {
  await using gateway = await startTensorgate({ models: [slow], workers: { count: 1 } });
  await gateway.ready();
  const below = descendantsOf(gateway.process.pid as number).map(({ pid }) => pid);
  const answer = gateway.predict("slow", { inputs: { x: [1], ms: 30_000 } }).catch(() => "cut off");
  await expect
    .poll(async () => (await gateway.get("/metrics")).text)
    .toMatch(/^tensorgate_requests_in_flight\{.*"slow"\} 1$/m);
  gateway.process.kill("SIGINT");
  await gateway.logged((line) => line.msg === "shutting down");
  gateway.process.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect((await gateway.get("/readyz")).status).toBe(503);
  const started = performance.now();
  expect(await gateway.stop()).toBe(1);
  expect(performance.now() - started).toBeLessThan(2000);
  await expect.poll(() => below.filter(isAlive)).toEqual([]);
  expect(await answer).toBe("cut off");
});

test("a gateway that is killed leaves neither a process nor its sockets' folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tg-end-"));
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = folder;
  try {
    await using gateway = await startTensorgate({ models, workers: { count: 2 } });
    await gateway.ready();
    const folders = (): string[] => readdirSync(folder).filter((name) => /^tensorgate-.{6}$/.test(name));
    await expect.poll(() => folders().flatMap((name) => readdirSync(join(folder, name)))).toHaveLength(2);
    const below = descendantsOf(gateway.process.pid as number).map(({ pid }) => pid);
    gateway.process.kill("SIGKILL");
    await expect.poll(() => below.filter(isAlive), { timeout: 10_000 }).toEqual([]);
    expect(folders()).toEqual([]);
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
    rmSync(folder, { recursive: true, force: true });
  }
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
