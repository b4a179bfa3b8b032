import type { z } from "zod";
import { LOG_LEVELS, type LogLevel } from "../../core/index.ts";
import { describe, mapping, scalar, section, Unfit } from "./scalar.ts";
import { duration, durationOrNone, size, text, textOrNumber, word, yesNo } from "./units.ts";

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
  /** Whether who is none of `clients` is turned away. Swapped by a reload. */
  readonly requireClient: boolean;
}

export interface RestConfig {
  /** 0: any free port; undefined: REST is off. */
  readonly port: number | undefined;
  /** The longest that a REST call may take; `Infinity`: no limit. */
  readonly timeoutMs: number;
  /** A longer body is refused (413). */
  readonly maxBytes: number;
  /** What the bodies of all requests under way may take together; undefined: an eighth of the memory. Beyond it: 503. */
  readonly maxBytesInFlight: number | undefined;
  /** Whose pages may read the answers: all origins (the headers of `--rest_api_enable_cors_support`), none, or these. */
  readonly cors: boolean | readonly string[];
}

export interface GrpcConfig {
  /** 0: any free port; undefined: no TCP port, only the socket. */
  readonly port: number | undefined;
  /** An absolute path of a Unix socket to listen on too. */
  readonly socketPath: string | undefined;
  /** The longest message taken from clients and exchanged with workers. */
  readonly maxBytes: number;
  /** Of the port and of the socket; undefined: they speak plain HTTP/2. */
  readonly tls: TlsConfig | undefined;
  /** Passed on to grpc-js as options of its server; what it doesn't know is passed over. */
  readonly channelArguments: ChannelArguments;
}

/** PEM text (paths while a file is being read). */
export interface TlsConfig {
  readonly key: string;
  readonly cert: string;
  /** Authorities whose client certificates are accepted; undefined: those of the system. */
  readonly ca: string | undefined;
  /** Clients must show a certificate. */
  readonly clientVerify: boolean;
}

/** By gRPC's names: `grpc.max_connection_age_ms`. */
export type ChannelArguments = Readonly<Record<string, string | number>>;

export interface MonitoringConfig {
  /** A second path of the metrics on the REST port, beside `/metrics`; undefined: none. */
  readonly path: string | undefined;
}

const MAX_PORT = 65_535;

function port(): z.ZodType<number | "off"> {
  const shape = { anyOf: [{ type: "integer", minimum: 0, maximum: MAX_PORT }, { enum: ["off"] }] };
  return scalar(`a port from 0 (any free one) to ${MAX_PORT}, or off`, shape, (value) => {
    if (value === "off" || value === false) return "off";
    return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_PORT ? value : undefined;
  });
}

function orUndefined(value: number | "off"): number | undefined {
  return value === "off" ? undefined : value;
}

function origins(): z.ZodType<boolean | readonly string[]> {
  const shape = { anyOf: [{ type: "boolean" }, { type: "array", items: { type: "string", pattern: "^https?://" } }] };
  return scalar("true, false or a list of origins", shape, (value) => {
    if (typeof value === "boolean") return value;
    if (!Array.isArray(value)) return undefined;
    const wrong = value.find((origin) => !isOrigin(origin));
    return wrong === undefined
      ? value
      : new Unfit(`expected an origin like https://example.org, got ${describe(wrong)}`);
  });
}

/** As browsers write it: scheme, host and a port that isn't the scheme's own, in lower case. */
function isOrigin(value: unknown): boolean {
  return typeof value === "string" && /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value;
}

const rest = section({
  port: port().prefault(8501).describe("Port of the REST API; 0: any free one; off: no REST."),
  timeout: durationOrNone().prefault("30s").describe("The longest that a REST call may take."),
  maxBytes: size().prefault("256MiB").describe("A longer body is refused with 413."),
  maxBytesInFlight: size()
    .optional()
    .describe(
      "What the bodies of all requests under way may take together, else 503; default: an eighth of the memory.",
    ),
  cors: origins().prefault(false).describe("Origins whose pages may read the answers; true: every one."),
}).transform(
  ({ port, timeout, maxBytesInFlight, ...others }): RestConfig => ({
    ...others,
    port: orUndefined(port),
    timeoutMs: timeout,
    maxBytesInFlight,
  }),
);

const tls = section({
  key: text().describe("PEM file with the server's private key; relative to this file."),
  cert: text().describe("PEM file with its certificate, and those between it and the authority."),
  ca: text().optional().describe("PEM file with the authorities of client certificates; default: the system's."),
  clientVerify: yesNo().prefault(false).describe("Whether clients must show a certificate."),
}).transform(({ ca, ...others }): TlsConfig => ({ ...others, ca }));

const argumentsShape = { type: "object", additionalProperties: { type: ["integer", "string"] } };

/** gRPC takes whole numbers of 32 bits and texts; what reads as the former is one. */
export function channelArgument(written: string): string | number {
  return /^-?\d{1,10}$/.test(written) && Math.abs(Number(written)) < 2 ** 31 ? Number(written) : written;
}

const grpc = section({
  port: port().prefault(8500).describe("Port of the gRPC API; 0: any free one; off: only the socket."),
  socketPath: text().optional().describe("A Unix socket to listen on too; relative to this file."),
  maxBytes: size()
    .prefault(2 ** 31 - 1)
    .describe("The longest message."),
  tls: tls.optional().describe("Turns on TLS."),
  channelArguments: mapping(textOrNumber(), argumentsShape, (key) =>
    key === "" ? new Unfit("expected the name of an argument, got an empty one") : key,
  )
    .prefault({})
    .describe("Options of the gRPC server: { grpc.max_connection_age_ms: 60000 }."),
}).transform(({ port, socketPath, maxBytes, tls, channelArguments }, context): GrpcConfig => {
  if (port === "off" && socketPath === undefined) {
    context.addIssue({ code: "custom", message: "off needs a socketPath to listen on", path: ["port"] });
  }
  const passedOn = Object.fromEntries([...channelArguments].map(([name, value]) => [name, channelArgument(value)]));
  return { port: orUndefined(port), socketPath, maxBytes, tls, channelArguments: passedOn };
});

/** Where TensorFlow Serving has its metrics when its monitoring file names no other path. */
export const DEFAULT_MONITORING_PATH = "/monitoring/prometheus/metrics";

const monitoring = section({
  path: urlPath().optional().describe(`A second path of the metrics, like ${DEFAULT_MONITORING_PATH}.`),
}).transform(({ path }): MonitoringConfig => ({ path }));

function urlPath(): z.ZodType<string> {
  return scalar("a path that starts with /", { type: "string", pattern: "^/" }, (value) =>
    typeof value === "string" && value.startsWith("/") ? value : undefined,
  );
}

export const serverSchema: z.ZodType<ServerConfig> = section({
  host: text().prefault("0.0.0.0").describe("The address of both ports; 0.0.0.0 or :: are all addresses."),
  rest: rest.prefault({}),
  grpc: grpc.prefault({}),
  drainTimeout: duration().prefault("8s").describe("How long requests in flight may take to finish after SIGTERM."),
  logLevel: word(...LOG_LEVELS).prefault("info"),
  monitoring: monitoring.prefault({}),
  requireClient: yesNo().prefault(false).describe("Whether requests that come from none of clients are refused."),
}).transform(({ drainTimeout, ...others }): ServerConfig => ({ ...others, drainTimeoutMs: drainTimeout }));
