import { Server, ServerCredentials, type ServiceDefinition } from "@grpc/grpc-js";
import { HealthImplementation, service as healthService } from "grpc-health-check";
import type { Logger } from "../../core/index.ts";
import { type ConnectionLimits, GrpcFront, ReusedRooms } from "../../http2/index.ts";
import { modelService, predictionServiceRaw, workerControl, workerInferenceRaw } from "../../protos/index.ts";
import type { Manager } from "../lifecycle/index.ts";
import { type BytesAnswer, type CallScope, unary } from "./call-scope.ts";
import { classify } from "./classify.ts";
import { Control } from "./control.ts";
import { directHandler } from "./direct.ts";
import { InFlight } from "./in-flight.ts";
import { type Listen, listen } from "./listen.ts";
import { metadata } from "./metadata.ts";
import { handleReload, modelStatus } from "./model-service.ts";
import { multiInference } from "./multi-inference.ts";
import { predict } from "./predict.ts";
import { regress } from "./regress.ts";
import type { ReloadRules } from "./reload.ts";
import type { InferenceRules } from "./rules.ts";

export interface ServerOptions {
  readonly manager: Manager;
  readonly listen: Listen;
  readonly rules: ReloadRules & InferenceRules;
  readonly log: Logger;
}

export interface WorkerServer {
  /** As grpc-js clients take it: `127.0.0.1:8500` or `unix:/path`; the first one, should there be two. */
  readonly address: string;
  readonly inFlight: InFlight;
  /** What `grpc.health.v1` says. Not serving at first. */
  setServing(serving: boolean): void;
  /** Takes no new calls and waits for those under way, but no longer than the timeout; then everything is closed. Answers whether all have ended by themselves. */
  drain(timeoutMs: number): Promise<boolean>;
  /** Ends now, calls under way too. */
  close(): void;
}

/** Names under which health is asked for: the whole server, the full names, and the bare ones that TensorFlow Serving sets. */
const HEALTH_NAMES = [
  "",
  "tensorflow.serving.PredictionService",
  "tensorflow.serving.ModelService",
  "tensorgate.v1.WorkerControl",
  "PredictionService",
  "ModelService",
];

/** Messages of any size: a tensor's bytes are what they are. What clients may send is for the gateway to bound. */
const SERVER_OPTIONS = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
  // Counts of calls that nobody reads.
  "grpc.enable_channelz": 0,
};

/** A gateway may send as fast as it can. Pings as in gRPC's C++ servers: for connections whose other end is gone. */
const LIMITS: ConnectionLimits = {
  ping: { everyMs: 7_200_000, timeoutMs: 20_000 },
  windowBytes: 2 ** 26,
  maxFrameBytes: 2 ** 20,
  maxReceiveBytes: -1,
  maxSendBytes: -1,
};

/** As much of long messages as a gateway sends by turns, and some more. */
const FREE_BYTES = 8 * 2 ** 20;

/** Opens the port or socket and answers on it. Rejects, in words fit for a user, when it is taken. The caller drains or closes. */
export async function startServer({ manager, listen: where, rules, log }: ServerOptions): Promise<WorkerServer> {
  const inFlight = new InFlight();
  const parts = { inFlight, log };
  const control = new Control(manager, rules.tags);
  const health = new HealthImplementation();
  const setServing = (serving: boolean): void => {
    for (const name of HEALTH_NAMES) health.setStatus(name, serving ? "SERVING" : "NOT_SERVING");
  };
  setServing(false);

  const server = new Server(SERVER_OPTIONS);
  const answers: Record<keyof typeof predictionServiceRaw, BytesAnswer> = {
    Predict: (request, scope) => predict(manager, rules, request, scope),
    Classify: (request, scope) => classify(manager, rules, request, scope),
    Regress: (request, scope) => regress(manager, rules, request, scope),
    MultiInference: (request, scope) => multiInference(manager, rules, request, scope),
    GetModelMetadata: (request) => metadata(manager, request),
  };
  const inContent = { ...rules, outputForm: "content" } as const;
  const predictInContent: BytesAnswer = (request, scope) => predict(manager, inContent, request, scope);
  const names = Object.keys(answers) as (keyof typeof predictionServiceRaw)[];
  server.addService(
    predictionServiceRaw,
    Object.fromEntries(names.map((name) => [name, unary(parts, inBuffer(answers[name]))])),
  );
  server.addService(modelService, {
    GetModelStatus: unary(parts, (request) => modelStatus(manager, request)),
    HandleReloadConfigRequest: unary(parts, (request, scope) => handleReload(manager, request, rules, scope)),
  });
  server.addService({ Predict: workerInferenceRaw.Predict }, { Predict: unary(parts, inBuffer(predictInContent)) });
  server.addService(workerControl, {
    ApplyModels: unary(parts, (request) => control.apply(request)),
    Watch: control.watch,
  });
  health.addToServer(server);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const paths = new Set(
    [predictionServiceRaw, workerInferenceRaw, modelService, workerControl, healthService].flatMap(pathsOf),
  );
  const direct: (readonly [path: string, answer: BytesAnswer])[] = [
    ...names.map((name) => [predictionServiceRaw[name].path, answers[name]] as const),
    [workerInferenceRaw.Predict.path, predictInContent],
  ];
  const front = new GrpcFront({
    limits: LIMITS,
    handlers: new Map(direct.map(([path, answer]) => [path, directHandler(parts, path, answer)])),
    knows: (path) => paths.has(path),
    inject: (socket) => injector.injectConnection(socket),
    rooms: new ReusedRooms(FREE_BYTES),
  });
  const listening = await listen(where, (socket) => front.accept(socket));

  return {
    address: listening.address,
    inFlight,
    setServing,
    async drain(timeoutMs) {
      setServing(false);
      const ended = inFlight.idle();
      control.close();
      // Closes the port, and tells clients that new calls must go elsewhere. Health watches keep it from ending by itself.
      listening.close();
      const closed = front.drain();
      const idle = await within(ended, timeoutMs);
      // What was answered last may still be on its way out.
      if (idle) await within(closed, FLUSH_MS);
      front.destroy();
      server.forceShutdown();
      return idle;
    },
    close() {
      control.close();
      listening.close();
      front.destroy();
      server.forceShutdown();
    },
  };
}

function pathsOf(service: ServiceDefinition): string[] {
  return Object.values(service).map(({ path }) => path);
}

/** A view: grpc-js copies a message by methods that only a Buffer has. */
function inBuffer(answer: BytesAnswer): (request: Buffer, scope: CallScope) => Promise<Buffer> {
  return async (request, scope) => {
    const bytes = await answer(request, scope);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

const FLUSH_MS = 300;

/** Whether the promise has been kept in time. */
async function within(promise: Promise<void>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const kept = promise.then(() => true);
  try {
    return await Promise.race([kept, late]);
  } finally {
    clearTimeout(timer);
  }
}
