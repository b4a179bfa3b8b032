import { ErrorCode, Http2Error } from "./error.ts";
import { Flag, Frame, frame, MAX_WINDOW, numberFrame, Setting, uint32 } from "./frame.ts";
import { checkConnection, checkLength, unpadded } from "./frame-checks.ts";
import type { FrameListener } from "./frame-reader.ts";
import { HeaderBlocks } from "./header-blocks.ts";
import type { Fields } from "./header-decoder.ts";
import type { Outbox } from "./outbox.ts";
import type { ReceiveWindows } from "./receive-windows.ts";
import { ResetBudget } from "./reset-budget.ts";
import type { SendQueue } from "./send-queue.ts";
import { parseSettings } from "./settings.ts";
import { NOBODY, type Stream, type StreamListener } from "./stream.ts";
import type { Streams } from "./streams.ts";

/** What frames change of a connection. */
export interface Receiver {
  readonly isServer: boolean;
  readonly maxStreams: number;
  readonly onStream: ((stream: Stream, fields: Fields) => StreamListener) | undefined;
  readonly streams: Streams;
  readonly windows: ReceiveWindows;
  readonly outbox: Outbox;
  readonly sending: SendQueue;
  /** Nothing counts any more. */
  readonly closed: boolean;
  /** New streams are refused. */
  readonly draining: boolean;
  /** Forgets a stream that is over. */
  remove(stream: Stream): void;
  onPong(): void;
  /** The other end takes no new streams; those that it has not seen have been told. */
  onGoaway(): void;
}

/** Does what the frames of the other end say. Throws Http2Error for what they may not. */
export class FrameHandler implements FrameListener {
  readonly #of: Receiver;
  readonly #blocks: HeaderBlocks;
  readonly #resets = new ResetBudget();
  /** Whose DATA is being read. */
  #receiver: Stream | undefined;

  constructor(receiver: Receiver) {
    this.#of = receiver;
    this.#blocks = new HeaderBlocks((id, fields, ended) => this.#onHeaders(id, fields, ended));
  }

  onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    if (this.#of.closed || this.#blocks.take(type, flags, id, payload)) return;
    switch (type) {
      case Frame.DATA:
        this.onDataStart(id, payload.length, flags);
        this.onData(unpadded(payload));
        return this.onDataEnd(flags);
      case Frame.RST_STREAM:
        checkLength(payload, 4);
        return this.#onReset(this.#of.streams.get(id), uint32(payload, 0));
      case Frame.SETTINGS:
        checkConnection(id);
        return this.#onSettings(flags, payload);
      case Frame.PING:
        checkConnection(id);
        checkLength(payload, 8);
        if ((flags & Flag.ACK) === 0) this.#of.outbox.push(frame(Frame.PING, Flag.ACK, 0, payload));
        else this.#of.onPong();
        return;
      case Frame.GOAWAY:
        checkConnection(id);
        return this.#onGoaway(payload);
      case Frame.WINDOW_UPDATE:
        checkLength(payload, 4);
        return this.#onWindow(id, uint32(payload, 0) & MAX_WINDOW);
      case Frame.PUSH_PROMISE:
        throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "nothing may be pushed");
      default:
        // PRIORITY means nothing any more, and unknown frames are to be ignored.
        return;
    }
  }

  onDataStart(id: number, length: number, flags: number): void {
    this.#blocks.checkClosed();
    const stream = this.#of.streams.get(id);
    this.#receiver = stream;
    this.#of.windows.take(stream, length, (flags & Flag.END_STREAM) !== 0);
    if (stream?.remoteEnded) throw new Http2Error(ErrorCode.STREAM_CLOSED, "DATA behind a stream's end");
  }

  onData(bytes: Buffer): void {
    if (this.#receiver?.open) this.#receiver.listener.onData(bytes);
  }

  onDataEnd(flags: number): void {
    const stream = this.#receiver;
    this.#receiver = undefined;
    if ((flags & Flag.END_STREAM) !== 0 && stream?.open) this.#remoteEnd(stream);
  }

  #onHeaders(id: number, fields: Fields | undefined, ended: boolean): void {
    if (this.#of.streams.begins(id)) return this.#begin(id, fields, ended);
    const stream = this.#of.streams.get(id);
    // Undefined: behind a reset that has crossed it on the way.
    if (stream === undefined) return;
    if (stream.remoteEnded) throw new Http2Error(ErrorCode.STREAM_CLOSED, "headers behind a stream's end");
    if (fields === undefined) return this.#refuse(stream, ErrorCode.PROTOCOL_ERROR);
    stream.listener.onHeaders(fields);
    if (ended && stream.open) this.#remoteEnd(stream);
  }

  #begin(id: number, fields: Fields | undefined, ended: boolean): void {
    const { onStream, maxStreams } = this.#of;
    const refused = this.#of.draining || this.#of.streams.size >= maxStreams;
    if (refused || fields === undefined || onStream === undefined) {
      const code = refused ? ErrorCode.REFUSED_STREAM : ErrorCode.ENHANCE_YOUR_CALM;
      this.#of.outbox.push(numberFrame(Frame.RST_STREAM, id, code));
      return;
    }
    const stream = this.#of.streams.add(id, NOBODY);
    stream.listener = onStream(stream, fields);
    if (ended && stream.open) this.#remoteEnd(stream);
  }

  #onSettings(flags: number, payload: Buffer): void {
    if ((flags & Flag.ACK) !== 0) return checkLength(payload, 0);
    for (const [id, value] of parseSettings(payload)) {
      if (id === Setting.HEADER_TABLE_SIZE) this.#of.sending.tableSize(value);
      else if (id === Setting.MAX_FRAME_SIZE) this.#of.sending.maxFrameBytes = value;
      else if (id === Setting.INITIAL_WINDOW_SIZE) {
        const more = value - this.#of.streams.sendWindow;
        this.#of.streams.sendWindow = value;
        for (const stream of this.#of.streams) this.#of.sending.widen(stream, more);
      }
    }
    this.#of.outbox.push(frame(Frame.SETTINGS, Flag.ACK, 0, Buffer.alloc(0)));
  }

  #onWindow(id: number, more: number): void {
    if (id === 0 && more === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "a window that grows by nothing");
    if (id === 0) return this.#of.sending.widenAll(more);
    const stream = this.#of.streams.get(id);
    if (stream === undefined) return;
    if (more === 0 || stream.sendWindow + more > MAX_WINDOW) this.#refuse(stream, ErrorCode.FLOW_CONTROL_ERROR);
    else this.#of.sending.widen(stream, more);
  }

  #onReset(stream: Stream | undefined, code: number): void {
    if (this.#of.isServer && !this.#resets.take()) {
      throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "too many streams are reset");
    }
    if (stream === undefined) return;
    stream.listener.onReset(code);
    this.#of.remove(stream);
  }

  #onGoaway(payload: Buffer): void {
    if (payload.length < 8) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "a broken GOAWAY frame");
    if (this.#of.isServer) return;
    const last = uint32(payload, 0) & MAX_WINDOW;
    for (const stream of this.#of.streams) if (stream.id > last) this.#onReset(stream, ErrorCode.REFUSED_STREAM);
    this.#of.onGoaway();
  }

  /** Ends a stream, and tells its listener. */
  #refuse(stream: Stream, code: number): void {
    stream.listener.onReset(code);
    this.#of.outbox.push(numberFrame(Frame.RST_STREAM, stream.id, code));
    this.#of.remove(stream);
  }

  #remoteEnd(stream: Stream): void {
    stream.remoteEnded = true;
    stream.listener.onEnd();
    if (stream.localEnded) this.#of.remove(stream);
  }
}
