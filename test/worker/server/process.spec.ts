import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { predictionServiceRaw } from "../../../protos/index.ts";
import { decodePredictResponse } from "../../../tensor/index.ts";
import { isAlive } from "../../setup/processes.ts";
import { serving } from "./health.ts";
import { slowRequest } from "./requests.ts";
import { MODELS } from "./served.ts";

const PROGRAM = new URL("worker-process.mjs", import.meta.url).pathname;
const SLOW = { name: "slow", path: `${MODELS}/slow` };

let scratch: string;
const children: ChildProcess[] = [];
const clients: Client[] = [];

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tensorgate-process-"));
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(scratch, { recursive: true, force: true });
});

function environment(grpc: object, models: readonly object[] = [SLOW]): NodeJS.ProcessEnv {
  return { ...process.env, WORKER: JSON.stringify({ grpc, models }) };
}

/** A worker with a supervisor: this process, over an IPC channel. */
function supervised(grpc: object = { port: 0 }, args: readonly string[] = []): ChildProcess {
  const child = fork(PROGRAM, args, { env: environment(grpc), stdio: ["ignore", "ignore", "ignore", "ipc"] });
  children.push(child);
  return child;
}

async function message<T>(child: ChildProcess): Promise<T> {
  const [sent] = (await once(child, "message")) as [T];
  return sent;
}

function client(address: string): Client {
  const made = new Client(address, credentials.createInsecure());
  clients.push(made);
  return made;
}

/** The answer of the slow model after `ms`; rejects with the call's error. */
function predict(to: Client, ms: number): Promise<readonly string[]> {
  const { path, requestSerialize, responseDeserialize } = predictionServiceRaw.Predict;
  return new Promise((resolve, reject) => {
    to.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      slowRequest(ms),
      new Metadata(),
      (error, answer) =>
        error === null ? resolve([...decodePredictResponse(answer as Buffer).outputs.keys()]) : reject(error),
    );
  });
}

describe("a worker process", () => {
  test("answers what runs when SIGTERM comes, and ends with 0", async () => {
    const child = supervised();
    const { address } = await message<{ address: string }>(child);
    const to = client(address);
    await serving(to);
    const running = predict(to, 700);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    expect(await running).toEqual(["y"]);
    expect(await exit).toEqual([0, null]);
  });

  test("with a supervisor leaves Ctrl-C to it", async () => {
    const child = supervised();
    const { address } = await message<{ address: string }>(child);
    child.kill("SIGINT");
    const to = client(address);
    await serving(to);
    expect(await predict(to, 1)).toEqual(["y"]);
  });

  test("ends at once when its supervisor lets go of it, whatever runs", async () => {
    const child = supervised();
    const { address } = await message<{ address: string }>(child);
    const to = client(address);
    await serving(to);
    const running = predict(to, 20_000);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const startedMs = performance.now();
    const exit = once(child, "exit");
    child.disconnect();
    await expect(running).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await exit;
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });

  test("does not outlive a supervisor that is killed", async () => {
    const parent = supervised({ port: 0 }, ["parent"]);
    const { pid } = await message<{ pid: number }>(parent);
    expect(isAlive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
  });

  test("listens on a socket, also where a killed one has left its file", async () => {
    const socketPath = join(scratch, "worker.sock");
    const first = supervised({ port: undefined, socketPath });
    await message(first);
    const exit = once(first, "exit");
    first.kill("SIGKILL");
    await exit;
    const second = supervised({ port: undefined, socketPath });
    const { address } = await message<{ address: string }>(second);
    expect(address).toBe(`unix:${socketPath}`);
    const to = client(address);
    await serving(to);
    expect(await predict(to, 1)).toEqual(["y"]);
  });

  test("says that its port is taken, and ends with 1", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    const child = spawn(process.execPath, [PROGRAM], {
      env: environment({ port }, []),
      stdio: ["ignore", "ignore", "pipe"],
    });
    children.push(child);
    let said = "";
    child.stderr.on("data", (text: Buffer) => (said += text.toString()));
    const [code] = await once(child, "exit");
    holder.close();
    expect(code).toBe(1);
    expect(said).toContain(`cannot listen on 127.0.0.1:${port}: another program listens there`);
  });

  test("alone ends on Ctrl-C", async () => {
    const child = spawn(process.execPath, [PROGRAM], {
      env: environment({ port: 0 }),
      stdio: ["ignore", "ignore", "pipe"],
    });
    children.push(child);
    await new Promise<void>((resolve) => {
      let said = "";
      child.stderr.on("data", (text: Buffer) => {
        said += text.toString();
        if (said.includes("worker is listening")) resolve();
      });
    });
    const exit = once(child, "exit");
    child.kill("SIGINT");
    expect(await exit).toEqual([0, null]);
  });
});
