import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { defaultConfig, type GrpcConfig } from "../../../config/index.ts";
import { createGrpcServer, type GrpcServer, type GrpcServerOptions } from "../../../gateway/grpc/index.ts";
import { createAccessLog, createMetrics, createObserver } from "../../../gateway/observe/index.ts";
import { createTestBackend, type TestBackend } from "./backend.ts";
import { type LogLine, memoryLog } from "./log.ts";

export interface Asked {
  readonly path: string;
  readonly message: Uint8Array;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Gives up when aborted. */
  readonly signal?: AbortSignal;
}

export interface GrpcUnderTest extends AsyncDisposable {
  readonly backend: TestBackend;
  readonly server: GrpcServer;
  readonly client: Client;
  readonly lines: readonly LogLine[];
  readonly parts: Pick<GrpcServerOptions, "backend" | "observer" | "log">;
  /** The bytes of the answer; a failed call rejects with its ServiceError. */
  ask(asked: Asked): Promise<Buffer>;
  metrics(): Promise<string>;
}

export type GrpcOptions = Partial<Omit<GrpcConfig, "port">>;

/** A gRPC edge over a {@link createTestBackend}, on a free port of 127.0.0.1 or only on a socket. */
export async function startGrpc(options: GrpcOptions = {}): Promise<GrpcUnderTest> {
  const { socketPath } = options;
  const backend = createTestBackend();
  const { log, lines } = memoryLog();
  const metrics = createMetrics({ workers: async () => [], ready: () => true });
  const observer = createObserver({
    metrics,
    accessLog: createAccessLog(log),
    knowsModel: (name) => backend.modelNames().includes(name),
  });
  const config = { ...defaultConfig().server.grpc, ...options, port: socketPath === undefined ? 0 : undefined };
  const server = createGrpcServer({ host: "127.0.0.1", config, backend, observer, log });
  const port = await server.listen();
  const target = port === undefined ? `unix:${socketPath}` : `127.0.0.1:${port}`;
  const client = new Client(target, credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.use_local_subchannel_pool": 1,
  });
  return {
    backend,
    server,
    client,
    lines,
    parts: { backend, observer, log },
    ask: ({ path, message, metadata = {}, timeoutMs, signal }) =>
      new Promise((resolve, reject) => {
        const headers = new Metadata();
        for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
        const call = client.makeUnaryRequest(
          path,
          (bytes: Uint8Array) => Buffer.from(bytes),
          (bytes) => bytes,
          message,
          headers,
          timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs },
          (error, answer) => (error === null ? resolve(answer as Buffer) : reject(error)),
        );
        signal?.addEventListener("abort", () => call.cancel());
      }),
    metrics: () => metrics.page("own"),
    async [Symbol.asyncDispose]() {
      client.close();
      await server.close(0);
    },
  };
}

/** `NOT_FOUND: words`. */
export function told(error: unknown): string {
  const { code, details } = error as ServiceError;
  return `${status[code]}: ${details}`;
}
