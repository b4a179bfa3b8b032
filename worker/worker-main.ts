import { rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { ModelConfig, WorkerSettings } from "../config/index.ts";
import { createLogger, type Logger } from "../core/index.ts";
import { createTensorFlowEngine, type SessionSettings } from "./engine/index.ts";
import { exitNow } from "./exit-now.ts";
import type { WantedModel } from "./lifecycle/index.ts";
import { type RunningWorker, runWorker } from "./run-worker.ts";
import { ensureRuntime } from "./runtime/index.ts";

export interface WorkerMainOptions {
  readonly settings: WorkerSettings;
  /** None where a gateway tells them. */
  readonly models: readonly ModelConfig[];
  /** Called once the worker runs, with what takes over a later set of models (from a config file that is polled). Disposed at the end. */
  readonly watchModels?: (apply: (models: readonly ModelConfig[]) => void) => Disposable;
  /** How long calls under way may take to finish after SIGTERM. Default 8 s. */
  readonly drainTimeoutMs?: number;
}

/** What a supervised worker sends over its IPC channel once it listens. */
export interface ListeningMessage {
  readonly type: "listening";
  /** As grpc-js clients take it. */
  readonly address: string;
}

/**
 * A worker as the whole of this process; answers its exit status. SIGTERM drains it. One that has an IPC channel belongs
 * to a supervisor: it tells it its address, leaves Ctrl-C (which reaches the whole process group) to it, and ends at once
 * when the channel does, so that a gateway that was killed leaves nothing behind.
 */
export async function workerMain(options: WorkerMainOptions): Promise<number> {
  const { settings, models, watchModels, drainTimeoutMs = DRAIN_MS } = options;
  const log = createLogger("worker", settings.logLevel);
  logUnexpected(log);
  const end = whenToEnd();
  const starting = start(settings, wantedModels(models, settings), log);
  // An end that comes while the library loads needs no drain: nothing is served yet.
  const first = await Promise.race([starting.catch((thrown: unknown) => failure(thrown)), end]);
  const orphaned = (): never => {
    removeSocket(settings.grpc.socketPath);
    exitNow(0);
  };
  if (first === "now") return orphaned();
  if (first === "drain") exitNow(0);
  if ("failed" in first) {
    log.fatal(first.failed.message);
    return finish(1);
  }
  const { worker, close } = first;
  if (process.send !== undefined && process.connected) {
    process.send({ type: "listening", address: worker.address } satisfies ListeningMessage);
  }
  using _watching = watchModels?.((changed) => worker.apply(wantedModels(changed, settings)));
  const how = await end;
  if (how === "now") return orphaned();
  // The supervisor may go while calls are finishing: nobody waits for them any more.
  process.once("disconnect", orphaned);
  const idle = await worker.drain(drainTimeoutMs);
  process.off("disconnect", orphaned);
  if (!idle) {
    log.warn({ drainTimeoutMs }, "calls or loads under way were cut off");
    exitNow(0);
  }
  await close();
  return finish(0);
}

const DRAIN_MS = 8_000;

/** A supervisor that was killed has left its sockets' folder behind; the last of its workers takes it away. */
function removeSocket(path: string | undefined): void {
  if (path === undefined) return;
  try {
    rmSync(path, { force: true });
    rmdirSync(dirname(path));
  } catch {
    // Another worker's socket is still in it.
  }
}

type End = "drain" | "now";

/** Resolves when this process is to end. A second signal then does what signals do by default. */
function whenToEnd(): Promise<End> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve("drain"));
    if (process.send === undefined) {
      process.once("SIGINT", () => resolve("drain"));
      return;
    }
    process.on("SIGINT", () => {});
    process.on("SIGHUP", () => {});
    process.once("disconnect", () => resolve("now"));
    if (!process.connected) resolve("now");
  });
}

interface Started {
  readonly worker: RunningWorker;
  readonly close: () => Promise<void>;
}

async function start(settings: WorkerSettings, models: readonly WantedModel[], log: Logger): Promise<Started> {
  const runtime = await ensureRuntime({ gpu: settings.gpu });
  const engine = createTensorFlowEngine(runtime, sessionSettings(settings), log);
  const { host, grpc } = settings;
  const listen = { host, port: grpc.port, socketPath: grpc.socketPath };
  try {
    const worker = await runWorker({ engine, settings, models, listen, log });
    return { worker, close: () => engine.close() };
  } catch (thrown) {
    await engine.close();
    throw thrown;
  }
}

/** In settings an empty list of devices leaves the choice to TensorFlow; the engine hides all for it. */
function sessionSettings({ session }: WorkerSettings): SessionSettings {
  const { visibleDevices, configProto, ...others } = session;
  return {
    ...others,
    ...(visibleDevices === "" ? {} : { visibleDevices }),
    configProto: Buffer.from(configProto, "base64"),
  };
}

function wantedModels(models: readonly ModelConfig[], { load }: WorkerSettings): readonly WantedModel[] {
  return models.map(({ name, path, versions, labels, tags }) => ({
    name,
    path,
    versions,
    labels,
    tags: tags ?? load.tags,
    mergeProof: undefined,
  }));
}

function failure(thrown: unknown): { readonly failed: Error } {
  return { failed: thrown instanceof Error ? thrown : new Error(String(thrown)) };
}

/** A mistake of ours in one call must not end the others; one that leaves the process in an unknown state must. */
function logUnexpected(log: Logger): void {
  process.on("unhandledRejection", (thrown) => log.error({ err: thrown }, "unhandled rejection"));
  process.on("uncaughtException", (thrown) => {
    log.fatal({ err: thrown }, "uncaught exception, the worker ends");
    exitNow(1);
  });
}

/** Lets go of the channel to a supervisor, which would keep the process alive; should something else do so, it ends nevertheless. */
function finish(code: number): number {
  if (process.connected) process.disconnect();
  setTimeout(() => exitNow(code), GRACE_MS).unref();
  return code;
}

const GRACE_MS = 500;
