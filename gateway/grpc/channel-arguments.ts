import type { GrpcConfig } from "../../config/index.ts";
import type { ConnectionLimits } from "../../http2/index.ts";

/**
 * As in gRPC's C++ servers. Pings end connections whose client is gone without a word.
 */
const KEEPALIVE = { everyMs: 7_200_000, timeoutMs: 20_000 };

/** A tensor of an image comes in one go. */
const WINDOW_BYTES = 2 ** 20;

/** A payload that every client may send; longer ones would only be held longer. */
const MAX_FRAME_BYTES = 16_384;

/** Far more than RFC 9113 asks to allow (100): clients of servers that join calls send many at once. But not any number. */
const MAX_STREAMS = 1000;

/** What `grpc.channelArguments` tell of connections, under gRPC's own names for it. */
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
    maxStreams: number("grpc.max_concurrent_streams") ?? MAX_STREAMS,
    maxAgeMs: number("grpc.max_connection_age_ms"),
    maxAgeGraceMs: number("grpc.max_connection_age_grace_ms"),
    maxIdleMs: number("grpc.max_connection_idle_ms"),
    maxReceiveBytes: number("grpc.max_receive_message_length") ?? maxBytes,
    maxSendBytes: number("grpc.max_send_message_length") ?? -1,
    windowBytes: Math.max(65_535, number("grpc-node.flow_control_window") ?? WINDOW_BYTES),
    maxFrameBytes: MAX_FRAME_BYTES,
  };
}
