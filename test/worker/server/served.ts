import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials, Metadata, type MethodDefinition, type ServiceError, status } from "@grpc/grpc-js";
import { defaultConfig, type WorkerSettings, workerSettingsOf } from "../../../config/index.ts";
import { modelName, silentLogger } from "../../../core/index.ts";
import { type GetModelStatusResponse, modelService } from "../../../protos/index.ts";
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
  /** `124 AVAILABLE`, descending; none for a model that is not known. */
  states(name: string): Promise<readonly string[]>;
  /** Code and message of the model's highest version: `OK ` when it has loaded. */
  outcome(name: string): Promise<string>;
  /** Copies a version folder into one of the test's own, and answers where that is. */
  deploy(from: string, to: string): Promise<string>;
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
    async states(name) {
      return (await statuses(served, name)).map(({ version, state }) => `${version} ${state}`);
    },
    async outcome(name) {
      const [highest] = await statuses(served, name);
      return `${highest?.status?.error_code} ${highest?.status?.error_message}`;
    },
    async deploy(from, to) {
      const folder = join(scratch, to);
      await cp(from, folder, { recursive: true });
      return folder;
    },
    async close() {
      client.close();
      await worker.drain(5_000);
      await rm(scratch, { recursive: true, force: true });
    },
  };
  return served;
}

async function statuses(served: Served, name: string): Promise<GetModelStatusResponse["model_version_status"]> {
  try {
    const model_spec = { name, signature_name: "" };
    return (await served.call(modelService.GetModelStatus, { model_spec })).model_version_status;
  } catch (thrown) {
    if ((thrown as ServiceError).code === status.NOT_FOUND) return [];
    throw thrown;
  }
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
  return { name: modelName(name), path, versions, labels: new Map(), tags: ["serve"], mergeProof: undefined, ...more };
}
