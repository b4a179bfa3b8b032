import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { MODELS, PROGRAM, startTensorgate } from "../setup/tensorgate.ts";

async function freePort(): Promise<number> {
  await using server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function isReady(address = ""): Promise<boolean> {
  try {
    return (await fetch(`http://${address}/readyz`)).status === 200;
  } catch {
    return false;
  }
}

test("who reads the log may go away", { timeout: 60_000 }, async () => {
  await using gateway = await startTensorgate({
    models: [{ name: "half_plus_two", path: join(MODELS, "half_plus_two") }],
  });
  await gateway.ready();
  gateway.process.stderr?.destroy();
  const [worker] = gateway.workerPids();
  process.kill(Number(worker), "SIGKILL");
  await expect.poll(() => gateway.workerPids(), { timeout: 20_000 }).not.toContain(worker);
  // Of the next one, which logs its loads too.
  expect((await gateway.predict("half_plus_two", { instances: [1] })).status).toBe(200);
  expect(await gateway.stop()).toBe(0);
});

test("the disk that the log is written to may be full", { timeout: 60_000 }, async () => {
  const port = await freePort();
  const flags = ["--host=127.0.0.1", "--port=any", `--rest_api_port=${port}`, "--workers=1"];
  const full = openSync("/dev/full", "w");
  const gateway = spawn(process.execPath, [PROGRAM, "serve", ...flags], { stdio: ["ignore", "ignore", full] });
  closeSync(full);
  await expect.poll(() => isReady(`127.0.0.1:${port}`), { timeout: 20_000 }).toBe(true);
  gateway.kill("SIGTERM");
  expect(await once(gateway, "exit")).toEqual([0, null]);
});

/** Starts a program that logs to a terminal which isn't its own, and closes that once the program listens; prints its process id. */
const TO_TERMINAL = `
import os, pty, subprocess, sys
near, far = pty.openpty()
program = subprocess.Popen(sys.argv[1:], stderr=far, start_new_session=True)
os.close(far)
seen = b""
while b"listening" not in seen or not seen.endswith(b"\\n"): seen += os.read(near, 65536)
os.close(near)
print(program.pid, seen.decode().split("http://")[1].split("/")[0], flush=True)
print("ended by", program.wait(), flush=True)
`;

test("the terminal that shows the log may close", { timeout: 60_000 }, async () => {
  const flags = ["--host=127.0.0.1", "--port=any", "--rest_api_port=any", "--workers=1"];
  const python = spawn("python3", ["-c", TO_TERMINAL, process.execPath, PROGRAM, "serve", ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const [pid, address] = String((await lines.next()).value).split(" ");
  try {
    await expect.poll(() => isReady(address), { timeout: 20_000 }).toBe(true);
  } finally {
    process.kill(Number(pid), "SIGKILL");
  }
  expect((await lines.next()).value).toBe("ended by -9");
  await once(python, "exit");
});
