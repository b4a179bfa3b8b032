import type { LogLevel } from "../../core/index.ts";

/** `server:` — what the gateway listens on. Needs a restart. */
export interface ServerConfig {
  /** The address of both ports; `0.0.0.0` and `::` are all addresses. */
  readonly host: string;
  readonly rest: RestConfig;
  readonly grpc: GrpcConfig;
  /** How long requests in flight may take to finish after SIGTERM. */
  readonly drainTimeoutMs: number;
  readonly logLevel: LogLevel;
  readonly monitoring: MonitoringConfig;
}

export interface RestConfig {
  /** 0: any free port; undefined: REST is off. */
  readonly port: number | undefined;
  /** The longest that a REST call may take; `Infinity`: no limit. */
  readonly timeoutMs: number;
  /** A longer body is refused (413). */
  readonly maxBytes: number;
  /** Whether answers carry the CORS headers of `--rest_api_enable_cors_support`. */
  readonly cors: boolean;
}

export interface GrpcConfig {
  /** 0: any free port; undefined: no TCP port, only the socket. */
  readonly port: number | undefined;
  /** An absolute path of a Unix socket to listen on too. */
  readonly socketPath: string | undefined;
  /** The longest message taken from clients and exchanged with workers. */
  readonly maxBytes: number;
}

export interface MonitoringConfig {
  /** A second path of the metrics on the REST port, beside `/metrics`; undefined: none. */
  readonly path: string | undefined;
}
