import { lstatSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Server, type ServerCredentials, setLogger } from "@grpc/grpc-js";
import type { GrpcConfig } from "../../config/index.ts";
import type { Logger } from "../../core/index.ts";
import { modelService, predictionServiceRaw } from "../../protos/index.ts";
import type { Backend } from "../backend.ts";
import type { InferenceMethod } from "../call.ts";
import { InFlight } from "../in-flight.ts";
import { addressesToTry, hostAndPort, isMissingFamily, listenError } from "../listening.ts";
import type { Observer } from "../observe/index.ts";
import { type AnswerParts, unary } from "./answer.ts";
import { serverCredentials } from "./credentials.ts";
import { addHealthAndReflection } from "./health.ts";
import { infer } from "./inference.ts";
import { getModelMetadata, getModelStatus, reloadConfig } from "./model.ts";

export interface GrpcServerOptions {
  readonly host: string;
  readonly config: GrpcConfig;
  readonly backend: Backend;
  readonly observer: Observer;
  readonly log: Logger;
}

/** The gRPC edge. Whoever creates it closes it. */
export interface GrpcServer {
  /** Opens the port and the socket of the config; answers the port, undefined without one. Throws an Error fit for a person. */
  listen(): Promise<number | undefined>;
  /** What the health service answers; not serving until told. */
  setServing(serving: boolean): void;
  /** Takes no new calls; those in flight may finish within `limitMs`, then they are cut off. */
  close(limitMs: number): Promise<void>;
}

/**
 * As in gRPC's C++ servers. It ends connections whose client is gone without a word, and those that Node leaves open: once
 * HTTP/2 frames were broken, it reads no more, not even that the client has closed.
 */
const KEEPALIVE = { "grpc.keepalive_time_ms": 7_200_000, "grpc.keepalive_timeout_ms": 20_000 };

/** For streams that no client ends by itself (health watches), once no call is in flight. */
const STREAM_GRACE_MS = 200;

export function createGrpcServer({ host, config, backend, observer, log }: GrpcServerOptions): GrpcServer {
  const credentials = serverCredentials(config.tls);
  const server = new Server({
    ...KEEPALIVE,
    "grpc.max_receive_message_length": config.maxBytes,
    "grpc.max_send_message_length": -1,
    ...config.channelArguments,
  });
  // grpc-js writes to the console; what it has to say of a port is told by our own errors.
  setLogger({ error: (...words: unknown[]) => log.debug({ words }, "grpc-js") });
  const inFlight = new InFlight();
  addServices(server, backend, { observer, log, inFlight });
  const setServing = addHealthAndReflection(server);

  return {
    async listen() {
      if (config.socketPath !== undefined) await listenOnSocket(server, credentials, config.socketPath);
      return config.port === undefined ? undefined : await listenOnPort(server, credentials, host, config.port);
    },
    setServing,
    async close(limitMs) {
      setServing(false);
      const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      await inFlight.idle(limitMs);
      await Promise.race([closed, sleep(STREAM_GRACE_MS, undefined, { ref: false })]);
      server.forceShutdown();
    },
  };
}

function addServices(server: Server, backend: Backend, parts: AnswerParts): void {
  const raw = (method: InferenceMethod) =>
    unary<Buffer, Buffer>(parts, method, byteLength, (message, context) => infer(backend, method, message, context));
  server.addService(predictionServiceRaw, {
    Predict: raw("Predict"),
    Classify: raw("Classify"),
    Regress: raw("Regress"),
    MultiInference: raw("MultiInference"),
    GetModelMetadata: unary<Buffer, Buffer>(parts, "GetModelMetadata", byteLength, (message, context) =>
      getModelMetadata(backend, message, context),
    ),
  });
  server.addService(modelService, {
    GetModelStatus: unary(parts, "GetModelStatus", uncounted, (request, context) =>
      getModelStatus(backend, request, context),
    ),
    HandleReloadConfigRequest: unary(parts, "HandleReloadConfigRequest", uncounted, (request, context) =>
      reloadConfig(backend, request, context),
    ),
  });
}

function byteLength(message: Buffer): number {
  return message.length;
}

/** These messages are read and written as objects within grpc-js; they are small, and their size is told as 0. */
function uncounted(): number {
  return 0;
}

async function listenOnPort(
  server: Server,
  credentials: ServerCredentials,
  host: string,
  port: number,
): Promise<number> {
  const tried: unknown[] = [];
  for (const address of addressesToTry(host)) {
    try {
      return await bind(server, credentials, hostAndPort(address, port));
    } catch (thrown) {
      tried.push(thrown);
      if (!isMissingFamily(thrown)) break;
    }
  }
  throw listenError("gRPC", hostAndPort(host, port), tried.at(-1));
}

async function listenOnSocket(server: Server, credentials: ServerCredentials, path: string): Promise<void> {
  try {
    if (isSocket(path) && !(await answers(path))) rmSync(path);
    await bind(server, credentials, `unix:${path}`);
  } catch (thrown) {
    throw listenError("gRPC", path, thrown);
  }
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

/** A socket that nobody listens on was left behind by a process that was killed, and would be in the way. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const tell = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once("connect", () => tell(true));
    // Only a refused socket is stale; what cannot be reached for another reason is left alone.
    socket.once("error", (error: NodeJS.ErrnoException) => tell(error.code !== "ECONNREFUSED"));
  });
}

function bind(server: Server, credentials: ServerCredentials, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => (error === null ? resolve(port) : reject(error)));
  });
}
