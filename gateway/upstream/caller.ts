import { connect, isIP } from "node:net";
import { Client, credentials } from "@grpc/grpc-js";
import type { Bytes } from "../../core/index.ts";
import { type PingConfig, UnaryClient } from "../../http2/index.ts";
import type { RawMethod } from "../../protos/index.ts";
import { directCall } from "./direct-call.ts";
import { type CallLimits, unaryCall } from "./unary-call.ts";

/** A connection that calls go over. Whoever has made it closes it. */
export interface Caller {
  /** Fails as `unaryCall` does. */
  call(method: RawMethod, message: Bytes, limits: CallLimits, worker: string): Promise<Bytes>;
  close(): void;
}

/** Where a socket is. */
export type Place = { readonly path: string } | { readonly host: string; readonly port: number };

/**
 * Messages have no limit here (what comes in is bounded at the edges). With the window, an answer of 8 MB takes a third
 * of the time that it takes with HTTP/2's 64 KiB. A socket that isn't there yet is tried often, it costs nothing.
 */
const CHANNEL_OPTIONS = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
  "grpc-node.flow_control_window": 4 * 2 ** 20,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 200,
  "grpc.enable_retries": 0,
  "grpc.use_local_subchannel_pool": 1,
  "grpc.service_config_disable_resolution": 1,
} as const;

const UNIX = "unix:";

/** Of a target in gRPC's syntax; undefined for a name. */
export function placeOf(target: string): Place | undefined {
  if (target.startsWith(UNIX)) return { path: target.slice(UNIX.length) };
  const [, bracketed, plain = "", port = ""] = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(target) ?? [];
  const host = bracketed ?? plain;
  return isIP(host) === 0 ? undefined : { host, port: Number(port) };
}

/** A client of grpc-js. The caller closes it. */
export function openChannel(target: string, { everyMs, timeoutMs }: PingConfig): Client {
  return new Client(target, credentials.createInsecure(), {
    ...CHANNEL_OPTIONS,
    "grpc.keepalive_time_ms": everyMs,
    "grpc.keepalive_timeout_ms": timeoutMs,
  });
}

/** Over all that grpc-js knows of gRPC; `close` closes the client. */
export function channelCaller(client: Client): Caller {
  return {
    call: (method, message, limits, worker) => unaryCall(client, method, message, limits, worker),
    close: () => client.close(),
  };
}

/** Over a connection of our own; `target` is what the server is called. */
export function directCaller(place: Place, target: string, ping: PingConfig): Caller {
  const authority = "path" in place ? "localhost" : target;
  const client = new UnaryClient((onread) => connect({ ...place, noDelay: true, onread }), ping, authority);
  return {
    call: (method, message, limits, worker) => directCall(client, method, message, limits, worker),
    close: () => client.close(),
  };
}
