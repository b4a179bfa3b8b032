import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ClientReadableStream, credentials, makeClientConstructor, type ServiceError } from "@grpc/grpc-js";
import { service as healthService } from "grpc-health-check";
import { expect, test } from "vitest";
import { defaultConfig } from "../../../config/index.ts";
import { modelName } from "../../../core/index.ts";
import { createGrpcServer } from "../../../gateway/grpc/index.ts";
import { encodePredictRequest } from "../../../tensor/index.ts";
import { type GrpcUnderTest, startGrpc, told } from "../setup/grpc.ts";
import { createLatch } from "../setup/latch.ts";

const MESSAGE = encodePredictRequest(
  { spec: { name: modelName("half"), choice: { by: "latest" }, signature: "" }, inputs: new Map(), outputFilter: [] },
  "content",
);
const PREDICT = { path: "/tensorflow.serving.PredictionService/Predict", message: MESSAGE };

type Health = { readonly status: string };

function healthClient(grpc: GrpcUnderTest) {
  const Constructor = makeClientConstructor(healthService, "grpc.health.v1.Health");
  const client = new Constructor("unused", credentials.createInsecure(), { channelOverride: grpc.client.getChannel() });
  return {
    check: (service: string): Promise<string> =>
      new Promise((resolve) => {
        client["check"]?.({ service }, (error: ServiceError | null, answer: Health) =>
          resolve(error === null ? answer.status : told(error)),
        );
      }),
    watch: (service: string) => client["watch"]?.({ service }) as unknown as ClientReadableStream<Health>,
  };
}

const CHECKED = ["", "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService", "PredictionService"];

test("health follows what it is told, for the server and each service", async () => {
  await using grpc = await startGrpc();
  const { check } = healthClient(grpc);
  expect(await Promise.all(CHECKED.map(check))).toEqual(CHECKED.map(() => "NOT_SERVING"));
  grpc.server.setServing(true);
  expect(await Promise.all(CHECKED.map(check))).toEqual(CHECKED.map(() => "SERVING"));
  expect(await check("nothing")).toMatch(/^NOT_FOUND/);
});

test("a watcher hears of each change, and of the server's end", async () => {
  await using grpc = await startGrpc();
  const watch = healthClient(grpc).watch("");
  watch.on("error", () => {});
  const next = async (): Promise<string> => ((await once(watch, "data")) as [Health])[0].status;
  expect(await next()).toBe("NOT_SERVING");
  grpc.server.setServing(true);
  grpc.server.setServing(true);
  expect(await next()).toBe("SERVING");
  const last = next();
  const closed = grpc.server.close(60_000);
  expect(await last).toBe("NOT_SERVING");
  await closed;
});

for (const version of ["v1", "v1alpha"]) {
  test(`reflection ${version} lists the services`, async () => {
    await using grpc = await startGrpc();
    const call = grpc.client.makeBidiStreamRequest(
      `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      (bytes: Buffer) => bytes,
      (bytes) => bytes,
    );
    // list_services: "*"
    call.write(Buffer.from([0x3a, 1, 0x2a]));
    const [answer] = (await once(call, "data")) as [Buffer];
    call.end();
    const services = answer.toString("latin1").match(/(tensorflow\.serving|grpc\.health\.v1)\.\w+/g);
    expect(services?.sort()).toEqual([
      "grpc.health.v1.Health",
      "tensorflow.serving.ModelService",
      "tensorflow.serving.PredictionService",
    ]);
  });
}

function hold(grpc: GrpcUnderTest): () => void {
  const latch = createLatch();
  grpc.backend.serveWith = async (_call, target) => {
    await latch.opened;
    return { target, arm: "", content: { is: "message", message: Buffer.alloc(8_000_000, 1) } };
  };
  return latch.open;
}

test("closing lets what is in flight finish, answers of many frames too, and takes no new calls", async () => {
  await using grpc = await startGrpc();
  const answerNow = hold(grpc);
  const inFlight = grpc.ask(PREDICT);
  await expect.poll(() => grpc.backend.calls.length).toBe(1);
  const closed = grpc.server.close(60_000);
  // Longer than streams are left alone for.
  await sleep(400);
  answerNow();
  expect((await inFlight).length).toBe(8_000_000);
  await closed;
  await expect(grpc.ask(PREDICT)).rejects.toMatchObject({ code: 14 });
});

test("closing cuts off what takes longer than its limit", async () => {
  await using grpc = await startGrpc();
  hold(grpc);
  const outcome = expect(grpc.ask(PREDICT)).rejects.toThrow();
  await expect.poll(() => grpc.backend.calls.length).toBe(1);
  await grpc.server.close(50);
  await outcome;
});

/** As a process leaves it that is killed while it listens. */
async function leaveSocket(path: string): Promise<void> {
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => console.log("listening"))`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
}

test("a socket is listened on, even where a killed process has left one behind", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tensorgate-grpc-"));
  try {
    const socketPath = join(folder, "grpc.sock");
    await using grpc = await startGrpc({ socketPath });
    grpc.backend.serveWith = async (_call, target) => ({
      target,
      arm: "",
      content: { is: "message", message: Buffer.from("hi") },
    });
    expect((await grpc.ask(PREDICT)).toString()).toBe("hi");
    await expect(startGrpc({ socketPath })).rejects.toThrow(`cannot listen for gRPC: ${socketPath} is already in use`);

    const stale = join(folder, "stale.sock");
    await leaveSocket(stale);
    expect(existsSync(stale)).toBe(true);
    await using second = await startGrpc({ socketPath: stale });
    second.backend.serveWith = grpc.backend.serveWith;
    expect((await second.ask(PREDICT)).toString()).toBe("hi");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a file that is no socket is not touched", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tensorgate-grpc-"));
  try {
    const file = join(folder, "precious");
    writeFileSync(file, "data");
    await expect(startGrpc({ socketPath: file })).rejects.toThrow(/cannot listen for gRPC: .*precious/);
    expect(existsSync(file)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a taken port is told in words", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as { port: number };
  await using grpc = await startGrpc();
  const second = createGrpcServer({
    host: "127.0.0.1",
    config: { ...defaultConfig().server.grpc, port },
    ...grpc.parts,
  });
  await expect(second.listen()).rejects.toThrow(`cannot listen for gRPC: 127.0.0.1:${port} is already in use`);
  await second.close(0);
  holder.close();
});
