/** Frame types and flags (RFC 9113, section 6). */
export const Frame = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const Flag = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 0x20 } as const;

export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** What a client sends first, before its SETTINGS. */
export const PREFACE: Buffer = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export const HEAD_BYTES: number = 9;
/** A payload that every end takes. */
export const MIN_FRAME_BYTES: number = 16_384;
export const MAX_FRAME_BYTES: number = 2 ** 24 - 1;
export const DEFAULT_WINDOW: number = 65_535;
export const MAX_WINDOW: number = 2 ** 31 - 1;

/** Writes a frame's head at `at`; gives where its payload begins. */
export function putHead(to: Buffer, at: number, length: number, type: number, flags: number, stream: number): number {
  to[at] = length >>> 16;
  to[at + 1] = length >>> 8;
  to[at + 2] = length;
  to[at + 3] = type;
  to[at + 4] = flags;
  putUint32(to, at + 5, stream);
  return at + HEAD_BYTES;
}

export function putUint32(to: Buffer, at: number, value: number): void {
  to[at] = value >>> 24;
  to[at + 1] = value >>> 16;
  to[at + 2] = value >>> 8;
  to[at + 3] = value;
}

export function uint32(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  putHead(bytes, 0, payload.length, type, flags, stream);
  bytes.set(payload, HEAD_BYTES);
  return bytes;
}

/** Of a type whose payload is one number: RST_STREAM, WINDOW_UPDATE. */
export function numberFrame(type: number, stream: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + 4);
  putUint32(bytes, putHead(bytes, 0, 4, type, 0, stream), value);
  return bytes;
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + settings.length * 6);
  let at = putHead(bytes, 0, settings.length * 6, Frame.SETTINGS, 0, 0);
  for (const [id, value] of settings) {
    at = bytes.writeUInt16BE(id, at);
    at = bytes.writeUInt32BE(value, at);
  }
  return bytes;
}

export function goawayFrame(lastStream: number, code: number, why = ""): Buffer {
  const payload = Buffer.allocUnsafe(8 + why.length);
  putUint32(payload, 0, lastStream);
  putUint32(payload, 4, code);
  payload.write(why, 8, "latin1");
  return frame(Frame.GOAWAY, 0, 0, payload);
}
