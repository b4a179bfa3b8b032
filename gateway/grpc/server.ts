import type { Server as NetServer, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  setLogger,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { GrpcConfig } from "../../config/index.ts";
import { joinedBuffer, type Logger } from "../../core/index.ts";
import { GrpcFront, ReusedRooms } from "../../http2/index.ts";
import { modelService, predictionServiceRaw } from "../../protos/index.ts";
import type { TensorForm } from "../../tensor/index.ts";
import type { Backend } from "../backend.ts";
import type { InferenceMethod } from "../call.ts";
import { InFlight } from "../in-flight.ts";
import type { Observer } from "../observe/index.ts";
import { type AnswerParts, answerPlain, type CallContext, type RawHandler, unary } from "./answer.ts";
import { connectionLimits } from "./channel-arguments.ts";
import { tlsOptions } from "./credentials.ts";
import { addHealthAndReflection } from "./health.ts";
import { infer } from "./inference.ts";
import { getModelMetadata, getModelStatus, reloadConfig } from "./model.ts";
import { listenOnPort, listenOnSocket, portOf } from "./ports.ts";

export interface GrpcServerOptions {
  readonly host: string;
  readonly config: GrpcConfig;
  /** Where answers that are made here have their numbers. Default: in typed fields, as TensorFlow Serving sends them. */
  readonly answerForm?: TensorForm;
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

/** Of the memory that long messages had, to be used for the next ones. */
const FREE_BYTES = 32 * 2 ** 20;

/** For streams that no client ends by itself (health watches), once no call is in flight. */
const STREAM_GRACE_MS = 200;

export function createGrpcServer({
  host,
  config,
  answerForm = "typed",
  backend,
  observer,
  log,
}: GrpcServerOptions): GrpcServer {
  const tls = tlsOptions(config.tls);
  const limits = connectionLimits(config);
  // grpc-js writes to the console; what it has to say of a port is told by our own errors.
  setLogger({ error: (...words: unknown[]) => log.debug({ words }, "grpc-js") });
  const inFlight = new InFlight();
  const parts = { backend, observer, log, inFlight };
  const raw = rawHandlers(backend, answerForm);
  const inner = new InnerServer({
    "grpc.max_receive_message_length": limits.maxReceiveBytes,
    "grpc.max_send_message_length": limits.maxSendBytes,
    "grpc.enable_channelz": 0,
  });
  addServices(inner, backend, parts, raw);
  const setServing = addHealthAndReflection(inner);
  const injector = inner.createConnectionInjector(ServerCredentials.createInsecure());

  const listeners: NetServer[] = [];
  const front = new GrpcFront({
    limits,
    handlers: new Map(raw.map((handler) => [handler.path, (request) => answerPlain(parts, handler, request)])),
    knows: (path) => inner.paths.has(path),
    inject: (socket) => injector.injectConnection(socket),
    rooms: new ReusedRooms(FREE_BYTES),
    counter: inFlight,
  });
  const onSocket = (socket: Socket): void => front.accept(socket);

  return {
    async listen() {
      if (config.socketPath !== undefined) listeners.push(await listenOnSocket(config.socketPath, tls, onSocket));
      if (config.port === undefined) return undefined;
      const server = await listenOnPort(host, config.port, tls, onSocket);
      listeners.push(server);
      return portOf(server);
    },
    setServing,
    async close(limitMs) {
      setServing(false);
      for (const listener of listeners) listener.close();
      const drained = front.drain();
      await inFlight.idle(limitMs);
      await Promise.race([drained, sleep(STREAM_GRACE_MS, undefined, { ref: false })]);
      front.destroy();
      inner.forceShutdown();
    },
  };
}

/** grpc-js's server, for what the edge doesn't read itself. */
class InnerServer extends Server {
  /** Of all methods. */
  readonly paths = new Set<string>();

  override addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    for (const { path } of Object.values(service)) this.paths.add(path);
    super.addService(service, implementation);
  }
}

function rawHandlers(backend: Backend, form: TensorForm): readonly RawHandler[] {
  const methods: readonly InferenceMethod[] = ["Predict", "Classify", "Regress", "MultiInference"];
  return [
    ...methods.map(
      (method): RawHandler => ({
        method,
        path: predictionServiceRaw[method].path,
        answer: (message, context) => infer(backend, method, message, context, form),
      }),
    ),
    {
      method: "GetModelMetadata",
      path: predictionServiceRaw.GetModelMetadata.path,
      answer: (message, context) => getModelMetadata(backend, message, context),
    },
  ];
}

function addServices(server: Server, backend: Backend, parts: AnswerParts, raw: readonly RawHandler[]): void {
  const handlers = raw.map(({ method, answer }) => {
    const whole = async (message: Buffer, context: CallContext): Promise<Buffer> =>
      joinedBuffer(await answer(message, context));
    return [method, unary(parts, method, (message: Buffer) => message.length, whole)];
  });
  server.addService(predictionServiceRaw, Object.fromEntries(handlers));
  server.addService(modelService, {
    GetModelStatus: unary(parts, "GetModelStatus", uncounted, (request, context) =>
      getModelStatus(backend, request, context),
    ),
    HandleReloadConfigRequest: unary(parts, "HandleReloadConfigRequest", uncounted, (request, context) =>
      reloadConfig(backend, request, context),
    ),
  });
}

/** These messages are read and written as objects within grpc-js; they are small, and their size is told as 0. */
function uncounted(): number {
  return 0;
}
