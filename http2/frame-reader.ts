import { ErrorCode, Http2Error } from "./error.ts";
import { Flag, Frame, HEAD_BYTES, uint32 } from "./frame.ts";

/** Told of what comes in, in its order. All bytes are views that are gone once this returns. */
export interface FrameListener {
  /** Any frame but an unpadded DATA, whole. */
  onFrame(type: number, flags: number, stream: number, payload: Buffer): void;
  /** An unpadded DATA frame begins; its bytes come as they arrive, then its end. */
  onDataStart(stream: number, length: number, flags: number): void;
  onData(bytes: Buffer): void;
  onDataEnd(flags: number): void;
}

/** Cuts what a socket gives into frames. Large DATA is passed on piece by piece, so that it is never held twice. */
export class FrameReader {
  readonly #listener: FrameListener;
  readonly #maxBytes: number;
  /** The beginning of a frame whose end has not come: its bytes have to be so many before it is looked at again. */
  #rest: Buffer | undefined;
  #restBytes = 0;
  #wanted = 0;
  /** Of the DATA frame that is being read. */
  #dataLeft = 0;
  #dataFlags = 0;

  /** `maxBytes`: of a payload; a longer one is a FRAME_SIZE_ERROR. */
  constructor(listener: FrameListener, maxBytes: number) {
    this.#listener = listener;
    this.#maxBytes = maxBytes;
  }

  /** Throws Http2Error, as the listener may. */
  read(chunk: Buffer): void {
    const bytes = this.#joined(chunk);
    if (bytes === undefined) return;
    let pos = 0;
    for (;;) {
      if (this.#dataLeft > 0) {
        const to = Math.min(bytes.length, pos + this.#dataLeft);
        if (to === pos) break;
        this.#dataLeft -= to - pos;
        this.#listener.onData(bytes.subarray(pos, to));
        pos = to;
        if (this.#dataLeft > 0) break;
        this.#listener.onDataEnd(this.#dataFlags);
        continue;
      }
      if (bytes.length - pos < HEAD_BYTES) break;
      const length = ((bytes[pos] as number) << 16) | ((bytes[pos + 1] as number) << 8) | (bytes[pos + 2] as number);
      if (length > this.#maxBytes) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, `a frame of ${length} bytes`);
      const type = bytes[pos + 3] as number;
      const flags = bytes[pos + 4] as number;
      const stream = uint32(bytes, pos + 5) & 0x7fffffff;
      if (type === Frame.DATA && (flags & Flag.PADDED) === 0) {
        pos += HEAD_BYTES;
        this.#listener.onDataStart(stream, length, flags);
        if (length === 0) this.#listener.onDataEnd(flags);
        this.#dataLeft = length;
        this.#dataFlags = flags;
        continue;
      }
      const end = pos + HEAD_BYTES + length;
      if (end > bytes.length) break;
      this.#listener.onFrame(type, flags, stream, bytes.subarray(pos + HEAD_BYTES, end));
      pos = end;
    }
    if (pos < bytes.length) this.#keep(bytes, pos);
  }

  #keep(bytes: Buffer, from: number): void {
    const whole = bytes.length - from >= HEAD_BYTES ? HEAD_BYTES + bytes.readUIntBE(from, 3) : HEAD_BYTES;
    this.#rest = Buffer.allocUnsafe(whole);
    this.#restBytes = bytes.copy(this.#rest, 0, from);
    this.#wanted = whole;
  }

  /**
   * With the rest before it; undefined while that is still no frame. Each byte is copied once or twice, into how few pieces a frame
   * may be cut: joining all that is there for each piece would take time that grows with their square.
   */
  #joined(chunk: Buffer): Buffer | undefined {
    const rest = this.#rest;
    if (rest === undefined) return chunk;
    if (this.#restBytes + chunk.length < this.#wanted) {
      rest.set(chunk, this.#restBytes);
      this.#restBytes += chunk.length;
      return undefined;
    }
    this.#rest = undefined;
    return Buffer.concat([rest.subarray(0, this.#restBytes), chunk]);
  }
}
