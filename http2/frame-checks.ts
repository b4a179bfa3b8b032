import { ErrorCode, Http2Error } from "./error.ts";

/** For a frame that belongs to no stream. */
export function checkConnection(stream: number): void {
  if (stream !== 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "a frame of the connection names a stream");
}

export function checkLength(payload: Buffer, want: number): void {
  if (payload.length !== want) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, `a frame of ${payload.length} bytes`);
}

/** The DATA of a padded frame. */
export function unpadded(payload: Buffer): Buffer {
  const padding = payload[0] ?? 0;
  if (padding >= payload.length) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "more padding than frame");
  return payload.subarray(1, payload.length - padding);
}
