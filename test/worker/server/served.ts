import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials, Metadata, type MethodDefinition, type ServiceError } from "@grpc/grpc-js";
import { defaultConfig, type WorkerSettings, workerSettingsOf } from "../../../config/index.ts";
import { modelName, silentLogger } from "../../../core/index.ts";
import { createTensorFlowEngine, type Engine } from "../../../worker/engine/index.ts";
import { type RunningWorker, runWorker } from "../../../worker/index.ts";
import type { WantedModel } from "../../../worker/lifecycle/index.ts";
import { ensureRuntime } from "../../../worker/runtime/index.ts";

export const EXAMPLES: string = new URL("../../../examples/models", import.meta.url).pathname;
export const MODELS: string = new URL("../../data/models", import.meta.url).pathname;

/** A worker in this process, over the real engine and a real port, and a client of it. */
export interface Served {
  readonly worker: RunningWorker;
  readonly client: Client;
  /** A folder of the test's own. */
  readonly scratch: string;
  call<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    deadlineMs?: number,
  ): Promise<Response>;
  /** The error that the call ends with. */
  failure<Request, Response>(method: MethodDefinition<Request, Response>, request: Request): Promise<ServiceError>;
  close(): Promise<void>;
}

let engine: Promise<Engine> | undefined;

/** One for all tests of a file: the library is loaded once a process. */
async function tensorflow(): Promise<Engine> {
  engine ??= ensureRuntime({ say: () => {} }).then((runtime) => createTensorFlowEngine(runtime, {}, silentLogger));
  return await engine;
}

/** Everything at its default but what a test would wait for: polls every 20 ms, failed loads are not tried again. */
export function testSettings(changes: Partial<WorkerSettings> = {}): WorkerSettings {
  const defaults = workerSettingsOf(defaultConfig());
  const load: WorkerSettings["load"] = { ...defaults.load, poll: { by: "interval", everyMs: 20 }, retries: 0 };
  return { ...defaults, load, ...changes };
}

export async function serve(models: readonly WantedModel[], changes: Partial<WorkerSettings> = {}): Promise<Served> {
  const scratch = await mkdtemp(join(tmpdir(), "tensorgate-server-"));
  const worker = await runWorker({
    engine: await tensorflow(),
    settings: testSettings(changes),
    models,
    listen: { host: "127.0.0.1", port: 0, socketPath: undefined },
    log: silentLogger,
  });
  const client = new Client(worker.address, credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  const served: Served = {
    worker,
    client,
    scratch,
    call: (method, request, deadlineMs = 20_000) => unaryCall(client, method, request, deadlineMs),
    async failure(method, request) {
      try {
        await served.call(method, request);
      } catch (thrown) {
        return thrown as ServiceError;
      }
      throw new Error(`${method.path} did not fail`);
    },
    async close() {
      client.close();
      await worker.drain(5_000);
      await rm(scratch, { recursive: true, force: true });
    },
  };
  return served;
}

function unaryCall<Request, Response>(
  client: Client,
  { path, requestSerialize, responseDeserialize }: MethodDefinition<Request, Response>,
  request: Request,
  deadlineMs: number,
): Promise<Response> {
  const options = { deadline: Date.now() + deadlineMs };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      new Metadata(),
      options,
      (error, response) => (error === null ? resolve(response as Response) : reject(error)),
    );
  });
}

export function wanted(name: string, path: string, more: Partial<WantedModel> = {}): WantedModel {
  const versions: WantedModel["versions"] = { by: "all" };
  return { name: modelName(name), path, versions, labels: new Map(), tags: ["serve"], ...more };
}
