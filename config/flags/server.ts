import { LOG_LEVELS } from "../../core/index.ts";
import { Unfit } from "../schema/scalar.ts";
import { type ChannelArguments, channelArgument } from "../schema/server.ts";
import { type Flag, setting, source } from "./flag.ts";
import { fileOrNone, integer, type Reader, text, word, yesNo } from "./read.ts";

const MAX_PORT = 65_535;

/** A port, or `any` for a free one; 0 has the meaning that the reference gives it, flag by flag. */
const port: Reader<number | "any"> = {
  placeholder: "N",
  read: (written) => (written === "any" ? "any" : integer(0, MAX_PORT).read(written)),
};

/** `a=1,b=x`: what reads as a whole number of 32 bits is one. */
const channelArguments: Reader<ChannelArguments> = {
  placeholder: "NAME=VALUE,…",
  read(written) {
    const given: Record<string, string | number> = {};
    for (const part of written.split(",").filter((each) => each !== "")) {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(part) ?? [];
      if (name === undefined || value === undefined) return new Unfit(`expected NAME=VALUE, got "${part}"`);
      given[name] = channelArgument(value);
    }
    return given;
  },
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
    reader: fileOrNone,
    help: "A Unix socket to speak gRPC on too.",
    set: ({ server }, path) => {
      server.grpc.socketPath = path;
    },
  }),
  setting({
    name: "grpc_channel_arguments",
    only: "serve",
    reader: channelArguments,
    help: "Options of the gRPC server, like grpc.max_connection_age_ms=60000; those that it doesn't know are passed over.",
    set: ({ server: { grpc } }, given) => {
      grpc.channelArguments = { ...grpc.channelArguments, ...given };
    },
  }),
  source({
    name: "ssl_config_file",
    only: "serve",
    reader: fileOrNone,
    help: "An SSLConfig in protobuf's text format: turns on TLS on the gRPC port.",
    put: (values, path) => {
      values.sslFile = path;
    },
  }),
  source({
    name: "enable_grpc_healthcheck_service",
    reader: yesNo,
    standard: "true",
    help: "Taken for TensorFlow Serving's sake: grpc.health.v1 is always there.",
    put: () => {},
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
    reader: fileOrNone,
    help: "A MonitoringConfig in protobuf's text format: where TensorFlow Serving's metrics are, beside /metrics.",
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
