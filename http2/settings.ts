import { ErrorCode, Http2Error } from "./error.ts";
import { MAX_FRAME_BYTES, MAX_WINDOW, MIN_FRAME_BYTES, Setting, uint32 } from "./frame.ts";

/** Nobody has more to say, and each may change every stream. */
const MAX_SETTINGS = 32;

/** The pairs of a SETTINGS frame, in their order. Throws Http2Error for values that are not allowed. */
export function parseSettings(payload: Buffer): (readonly [id: number, value: number])[] {
  if (payload.length % 6 !== 0) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "a broken SETTINGS frame");
  if (payload.length > MAX_SETTINGS * 6) throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "too many settings");
  const settings: (readonly [number, number])[] = [];
  for (let at = 0; at < payload.length; at += 6) {
    const id = payload.readUInt16BE(at);
    const value = uint32(payload, at + 2);
    if (id === Setting.ENABLE_PUSH && value > 1) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `pushing is either on or off, and not ${value}`);
    }
    if (id === Setting.INITIAL_WINDOW_SIZE && value > MAX_WINDOW) {
      throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "too wide a window");
    }
    if (id === Setting.MAX_FRAME_SIZE && (value < MIN_FRAME_BYTES || value > MAX_FRAME_BYTES)) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `a frame size of ${value}`);
    }
    settings.push([id, value]);
  }
  return settings;
}
