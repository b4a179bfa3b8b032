import type { GrpcConfig } from "../../config/index.ts";
import type { MessageLimits, PingConfig } from "../../http2/index.ts";

/** What `grpc.channelArguments` tell of connections, under gRPC's own names for it. */
export interface ConnectionLimits extends MessageLimits {
  readonly ping: PingConfig;
  readonly maxStreams: number | undefined;
  /** Of all calls together; after that the client is told to open another one. */
  readonly maxAgeMs: number | undefined;
  /** What calls under way have left then. */
  readonly maxAgeGraceMs: number | undefined;
  /** Without a call. */
  readonly maxIdleMs: number | undefined;
  /** What may come on one stream before it is acknowledged. */
  readonly windowBytes: number;
}

/**
 * As in gRPC's C++ servers. Pings end connections whose client is gone without a word.
 */
const KEEPALIVE = { everyMs: 7_200_000, timeoutMs: 20_000 };

/** A tensor of an image comes in one go. */
const WINDOW_BYTES = 2 ** 20;

export function connectionLimits({ channelArguments, maxBytes }: GrpcConfig): ConnectionLimits {
  const number = (name: string): number | undefined => {
    const value = channelArguments[name];
    return value === undefined || !Number.isFinite(Number(value)) ? undefined : Number(value);
  };
  return {
    ping: {
      everyMs: number("grpc.keepalive_time_ms") ?? KEEPALIVE.everyMs,
      timeoutMs: number("grpc.keepalive_timeout_ms") ?? KEEPALIVE.timeoutMs,
    },
    maxStreams: number("grpc.max_concurrent_streams"),
    maxAgeMs: number("grpc.max_connection_age_ms"),
    maxAgeGraceMs: number("grpc.max_connection_age_grace_ms"),
    maxIdleMs: number("grpc.max_connection_idle_ms"),
    maxReceiveBytes: number("grpc.max_receive_message_length") ?? maxBytes,
    maxSendBytes: number("grpc.max_send_message_length") ?? -1,
    windowBytes: Math.max(65_535, number("grpc-node.flow_control_window") ?? WINDOW_BYTES),
  };
}
