import { LOG_LEVELS } from "../../core/index.ts";
import { type Flag, setting, source } from "./flag.ts";
import { file, integer, type Reader, text, word, yesNo } from "./read.ts";

const MAX_PORT = 65_535;

/** A port, or `any` for a free one; 0 has the meaning that the reference gives it, flag by flag. */
const port: Reader<number | "any"> = {
  placeholder: "N",
  read: (written) => (written === "any" ? "any" : integer(0, MAX_PORT).read(written)),
};

/** Where the program listens, and what it tells. */
export const serverFlags: readonly Flag[] = [
  setting({
    name: "host",
    reader: text,
    standard: "0.0.0.0",
    help: "The address to listen on; 0.0.0.0 and :: are all addresses.",
    set: ({ server }, host) => {
      server.host = host;
    },
  }),
  setting({
    name: "grpc_socket_path",
    reader: file,
    help: "A Unix socket to speak gRPC on too.",
    set: ({ server }, path) => {
      server.grpc.socketPath = path;
    },
  }),
  setting({
    name: "port",
    reader: port,
    standard: "8500",
    help: "The gRPC port; any: a free one; 0: only the socket, where there is one.",
    set: ({ server: { grpc } }, port) => {
      if (port === "any") grpc.port = 0;
      else if (port !== 0) grpc.port = port;
      else grpc.port = grpc.socketPath === undefined ? 0 : undefined;
    },
  }),
  setting({
    name: "rest_api_port",
    only: "serve",
    reader: port,
    standard: "8501",
    help: "The REST port; any: a free one; 0: no REST.",
    set: ({ server }, port) => {
      server.rest.port = port === "any" ? 0 : port || undefined;
    },
  }),
  setting({
    name: "rest_api_timeout_in_ms",
    only: "serve",
    reader: integer(),
    standard: "30000",
    help: "The longest that a REST call may take; 0: no limit.",
    set: ({ server }, ms) => {
      server.rest.timeoutMs = ms > 0 ? ms : Number.POSITIVE_INFINITY;
    },
  }),
  setting({
    name: "rest_api_enable_cors_support",
    only: "serve",
    reader: yesNo,
    standard: "false",
    help: "Whether REST answers carry CORS headers that allow every origin.",
    set: ({ server }, on) => {
      server.rest.cors = on;
    },
  }),
  source({
    name: "monitoring_config_file",
    only: "serve",
    reader: file,
    help: "A MonitoringConfig in protobuf's text format: where metrics are, beside /metrics.",
    put: (values, path) => {
      values.monitoringFile = path;
    },
  }),
  setting({
    name: "log_level",
    reader: word(...LOG_LEVELS),
    standard: "info",
    help: "What is logged (to stderr).",
    set: ({ server }, level) => {
      server.logLevel = level;
    },
  }),
];
