import { ErrorCode, Http2Error } from "./error.ts";
import { FloodGuard } from "./flood-guard.ts";
import { Flag, Frame, frame, MAX_WINDOW, numberFrame, Setting, uint32 } from "./frame.ts";
import { checkConnection, checkLength, unpadded } from "./frame-checks.ts";
import type { FrameListener } from "./frame-reader.ts";
import { HeaderBlocks } from "./header-blocks.ts";
import type { Fields } from "./header-decoder.ts";
import type { Outbox } from "./outbox.ts";
import type { ReceiveWindows } from "./receive-windows.ts";
import type { SendQueue } from "./send-queue.ts";
import { parseSettings } from "./settings.ts";
import { NOBODY, type Stream, type StreamListener } from "./stream.ts";
import type { Streams } from "./streams.ts";

/** With more than this waiting for a client to read it, the client gets nothing new. */
const MAX_QUEUED_BYTES = 2 ** 26;

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
  /** The other end's first SETTINGS are there. */
  onGreeted(): void;
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
  readonly #guard = new FloodGuard();
  #greeted = false;
  /** Whose DATA is being read. */
  #receiver: Stream | undefined;

  constructor(receiver: Receiver) {
    this.#of = receiver;
    this.#blocks = new HeaderBlocks((id, fields, ended) => this.#onHeaders(id, fields, ended));
  }

  onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    if (this.#of.closed) return;
    if (!this.#greeted) this.#greet(type, flags);
    if (this.#blocks.take(type, flags, id, payload)) return;
    if (type !== Frame.DATA && type !== Frame.RST_STREAM) this.#chore();
    switch (type) {
      case Frame.DATA:
        return this.#onPadded(flags, id, payload);
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
      case Frame.PRIORITY:
        if (id === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "a priority of no stream");
        // Means nothing any more.
        return checkLength(payload, 5);
      default:
        // Unknown frames are to be ignored.
        return;
    }
  }

  onDataStart(id: number, length: number, flags: number): void {
    this.#blocks.checkClosed();
    this.#startData(id, length, length, flags);
  }

  /** `length`: what counts for the windows. */
  #startData(id: number, length: number, bytes: number, flags: number): void {
    const stream = this.#of.streams.get(id);
    if (bytes > 0) this.#guard.earn();
    else if ((flags & Flag.END_STREAM) === 0) this.#chore();
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

  #onPadded(flags: number, id: number, payload: Buffer): void {
    const bytes = unpadded(payload);
    this.#startData(id, payload.length, bytes.length, flags);
    this.onData(bytes);
    this.onDataEnd(flags);
  }

  #onHeaders(id: number, fields: Fields | undefined, ended: boolean): void {
    if (this.#of.streams.begins(id)) return this.#begin(id, fields, ended);
    const stream = this.#of.streams.get(id);
    // Undefined: behind a reset that has crossed it on the way.
    if (stream === undefined) return this.#chore();
    if (stream.remoteEnded) throw new Http2Error(ErrorCode.STREAM_CLOSED, "headers behind a stream's end");
    // What a client sends behind its first fields are trailers, which end it.
    const endless = this.#of.isServer && !ended;
    if (fields === undefined || endless) return this.#refuse(stream, ErrorCode.PROTOCOL_ERROR);
    stream.listener.onHeaders(fields);
    if (ended && stream.open) this.#remoteEnd(stream);
  }

  #begin(id: number, fields: Fields | undefined, ended: boolean): void {
    const { onStream, maxStreams } = this.#of;
    this.#guard.earn();
    const refused =
      this.#of.draining || this.#of.sending.queuedBytes > MAX_QUEUED_BYTES || this.#of.streams.size >= maxStreams;
    if (refused || fields === undefined || onStream === undefined) {
      const code = refused ? ErrorCode.REFUSED_STREAM : ErrorCode.ENHANCE_YOUR_CALM;
      if (!refused) this.#reset();
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
      if (id === Setting.MAX_CONCURRENT_STREAMS) this.#of.streams.maxOpen = value;
      else if (id === Setting.HEADER_TABLE_SIZE) this.#of.sending.tableSize(value);
      else if (id === Setting.MAX_FRAME_SIZE) this.#of.sending.maxFrameBytes = value;
      else if (id === Setting.INITIAL_WINDOW_SIZE) {
        const more = value - this.#of.streams.sendWindow;
        this.#of.streams.sendWindow = value;
        for (const stream of this.#of.streams.items()) this.#of.sending.widen(stream, more);
      }
    }
    this.#of.outbox.push(frame(Frame.SETTINGS, Flag.ACK, 0, Buffer.alloc(0)));
  }

  #onWindow(id: number, more: number): void {
    if (id === 0 && more === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "a window that grows by nothing");
    if (id === 0) return this.#of.sending.widenAll(more);
    const stream = this.#of.streams.get(id);
    if (stream === undefined) return;
    if (more === 0) this.#refuse(stream, ErrorCode.PROTOCOL_ERROR);
    else if (stream.sendWindow + more > MAX_WINDOW) this.#refuse(stream, ErrorCode.FLOW_CONTROL_ERROR);
    else this.#of.sending.widen(stream, more);
  }

  #onReset(stream: Stream | undefined, code: number): void {
    this.#reset();
    if (stream === undefined) return;
    stream.listener.onReset(code);
    this.#of.remove(stream);
  }

  #onGoaway(payload: Buffer): void {
    if (payload.length < 8) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "a broken GOAWAY frame");
    if (this.#of.isServer) return;
    const last = uint32(payload, 0) & MAX_WINDOW;
    for (const stream of this.#of.streams.items()) {
      if (stream.open && stream.id > last) this.#onReset(stream, ErrorCode.REFUSED_STREAM);
    }
    this.#of.onGoaway();
  }

  /** Ends a stream, and tells its listener. */
  #refuse(stream: Stream, code: number): void {
    this.#reset();
    stream.listener.onReset(code);
    this.#of.outbox.push(numberFrame(Frame.RST_STREAM, stream.id, code));
    this.#of.remove(stream);
  }

  /** Counts one, however it comes about: a client can also make its server reset a stream. */
  #reset(): void {
    if (this.#of.isServer) this.#guard.reset();
  }

  #chore(): void {
    if (this.#of.isServer) this.#guard.chore(this.#of.sending.earned);
  }

  #greet(type: number, flags: number): void {
    if (type !== Frame.SETTINGS || (flags & Flag.ACK) !== 0) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "a frame before the first SETTINGS");
    }
    this.#greeted = true;
    this.#of.onGreeted();
  }

  #remoteEnd(stream: Stream): void {
    stream.remoteEnded = true;
    stream.listener.onEnd();
    if (stream.localEnded) this.#of.remove(stream);
  }
}
