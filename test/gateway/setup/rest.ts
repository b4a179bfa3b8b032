import { connect, type Socket } from "node:net";
import type { CompatibilityConfig, RestConfig } from "../../../config/index.ts";
import type { LogLevel } from "../../../core/index.ts";
import { createAccessLog, createMetrics, createObserver } from "../../../gateway/observe/index.ts";
import type { PassThrough } from "../../../gateway/passthrough/index.ts";
import { createRestServer, type RestServer, type RestServerOptions } from "../../../gateway/rest/index.ts";
import { createTestBackend, type TestBackend } from "./backend.ts";
import { type LogLine, memoryLog } from "./log.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

export interface RestUnderTest extends AsyncDisposable {
  readonly backend: TestBackend;
  readonly server: RestServer;
  readonly port: number;
  readonly lines: readonly LogLine[];
  readonly parts: Pick<RestServerOptions, "observer" | "metrics" | "log">;
  ask(method: string, path: string, init?: RequestInit): Promise<Reply>;
  /** A raw connection, for what an HTTP client would not do. */
  socket(): Socket;
  metrics(): Promise<string>;
}

export interface RestOptions extends Partial<RestConfig> {
  readonly monitoringPath?: string;
  readonly compatibility?: Partial<CompatibilityConfig>;
  readonly names?: readonly string[];
  readonly logLevel?: LogLevel;
  /** Ends with the edge. */
  readonly passThrough?: (parts: Pick<RestServerOptions, "metrics" | "log">) => PassThrough;
}

/** A REST edge on a free port of 127.0.0.1 over a {@link createTestBackend}. */
export async function startRest(options: RestOptions = {}): Promise<RestUnderTest> {
  const { monitoringPath, names, logLevel, compatibility, passThrough: passing, ...rest } = options;
  const backend = createTestBackend(names);
  const { log, lines } = memoryLog(logLevel);
  let passThrough: PassThrough | undefined;
  const metrics = createMetrics({
    workers: async () => [],
    ready: () => backend.missingNow.length === 0,
    http: () => passThrough?.figures() ?? { entries: [], upstreams: [] },
  });
  const observer = createObserver({
    metrics,
    accessLog: createAccessLog(log),
    knowsModel: (name) => backend.modelNames().includes(name),
  });
  passThrough = passing?.({ metrics, log });
  const config: RestConfig = {
    port: 0,
    timeoutMs: 30_000,
    maxBytes: 1_000,
    maxBytesInFlight: undefined,
    cors: false,
    ...rest,
  };
  const server = createRestServer({
    host: "127.0.0.1",
    port: 0,
    config,
    compatibility: () => ({ strictJson: false, urlSafeBase64: false, ...compatibility }),
    monitoringPath,
    passThrough,
    backend,
    observer,
    metrics,
    log,
  });
  const port = await server.listen();
  return {
    backend,
    server,
    port,
    lines,
    parts: { observer, metrics, log },
    async ask(method, path, init = {}) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, ...init });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: parsed(text) };
    },
    socket: () => connect(port, "127.0.0.1"),
    metrics: () => metrics.page("own"),
    async [Symbol.asyncDispose]() {
      await server.close(0);
      await passThrough?.close();
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
