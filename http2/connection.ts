import type { Duplex } from "node:stream";
import { ErrorCode, Http2Error } from "./error.ts";
import {
  DEFAULT_WINDOW,
  Flag,
  Frame,
  frame,
  goawayFrame,
  MAX_FRAME_BYTES,
  MAX_WINDOW,
  MIN_FRAME_BYTES,
  numberFrame,
  PREFACE,
  Setting,
  settingsFrame,
  uint32,
} from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { HeaderBlocks } from "./header-blocks.ts";
import type { Fields } from "./header-decoder.ts";
import { Outbox } from "./outbox.ts";
import { ResetBudget } from "./reset-budget.ts";
import { SendQueue } from "./send-queue.ts";
import type { Stream, StreamListener } from "./stream.ts";

export interface ConnectionOptions {
  readonly side: "client" | "server";
  /** What may come on one stream before it is acknowledged. */
  readonly windowBytes: number;
  /** The longest frame that is taken, 16 KiB to 16 MiB. */
  readonly maxFrameBytes: number;
  /** Of a server: streams that may be open at once. */
  readonly maxStreams?: number;
  /** Of a server: a client has opened a stream. Whoever it gives is told of the rest, `onHeaders` not. */
  readonly onStream?: (stream: Stream, fields: Fields) => StreamListener;
  /** The other end takes no new streams. */
  readonly onGoaway?: () => void;
  /** Once, when the socket is closed; streams have been told before. */
  readonly onClose?: () => void;
}

/** Of the whole connection. Its bytes are acknowledged as they come: what is kept is bounded by streams. */
const CONNECTION_WINDOW = 2 ** 26;

/** For the last bytes of a connection. */
const LINGER_MS = 1000;

/** With more than this on its way out nothing is read: whoever asks has to take the answers too. */
const MAX_BACKLOG_BYTES = 2 ** 22;

/**
 * One HTTP/2 connection (RFC 9113), either side of it, over a socket that is its own from here on. Push and priorities are
 * left out, as gRPC has no use for them. What the other end does against the protocol ends the connection.
 */
export class Connection {
  readonly #socket: Duplex;
  readonly #options: ConnectionOptions;
  readonly #outbox: Outbox;
  readonly #sending: SendQueue;
  readonly #reader: FrameReader;
  readonly #blocks: HeaderBlocks;
  readonly #streams = new Map<number, Stream>();
  readonly #resets = new ResetBudget();
  #prefaceLeft = 0;
  #lastStream = 0;
  #nextStream = 1;
  #peerWindow = DEFAULT_WINDOW;
  #unacknowledged = 0;
  /** Whose DATA is being read. */
  #receiver: Stream | undefined;
  #onPong: (() => void) | undefined;
  #idleSinceMs = performance.now();
  #draining = false;
  #closed = false;
  #cause: Error | undefined;

  constructor(socket: Duplex, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#outbox = new Outbox(socket);
    this.#sending = new SendQueue(this.#outbox, (stream) => this.#localEnd(stream));
    this.#blocks = new HeaderBlocks((stream, fields, ended) => this.#onHeaders(stream, fields, ended));
    this.#reader = new FrameReader(this, options.maxFrameBytes);
    this.#greet();
    socket.on("data", (chunk: Buffer) => this.#onChunk(chunk));
    socket.on("drain", () => {
      this.#sending.resume();
      if (socket.isPaused()) socket.resume();
    });
    socket.on("end", () => this.#close(undefined));
    socket.on("error", (error) => this.#close(error));
    socket.on("close", () => {
      this.#close(undefined);
      options.onClose?.();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Why it was lost, when that is known. */
  get cause(): Error | undefined {
    return this.#cause;
  }

  /** For how long no stream has been open. */
  get idleMs(): number {
    return this.#streams.size > 0 ? 0 : performance.now() - this.#idleSinceMs;
  }

  /** Of a client: a new stream, of which nothing has been sent yet. */
  open(listener: StreamListener): Stream {
    const stream = this.#add(this.#nextStream, listener);
    this.#nextStream += 2;
    return stream;
  }

  /** Of a client: whether another stream can be opened. */
  get opens(): boolean {
    return !this.#closed && !this.#draining && this.#nextStream < MAX_WINDOW - 1;
  }

  /** `block` is what `encodeFields` gives. */
  sendHeaders(stream: Stream, block: Buffer, last: boolean): void {
    if (!stream.open || stream.localEnded) return;
    this.#sending.headers(stream, block, last);
  }

  /** The parts, one behind the other, as DATA; then the end of the stream, where `last` says so or with `trailers`. The bytes must stay as they are. */
  sendData(stream: Stream, parts: readonly Uint8Array[], last: boolean, trailers?: Buffer): void {
    if (!stream.open || stream.localEnded) return;
    this.#sending.data(stream, parts, last, trailers);
  }

  /** Ends a stream at once, both ways; its listener is not told. */
  reset(stream: Stream, code: number): void {
    if (!stream.open) return;
    this.#outbox.push(numberFrame(Frame.RST_STREAM, stream.id, code));
    this.#remove(stream);
  }

  /** Calls back when the other end has answered; one at a time. */
  ping(onPong: () => void): void {
    this.#onPong = onPong;
    this.#outbox.push(frame(Frame.PING, 0, 0, Buffer.alloc(8)));
  }

  /** Takes no new streams; ends once those that are open have ended. */
  drain(): void {
    if (this.#draining || this.#closed) return;
    this.#draining = true;
    this.#outbox.push(goawayFrame(this.#lastStream, ErrorCode.NO_ERROR));
    this.#endIfDrained();
  }

  /** Ends now, whatever is open; what has been sent may still leave. */
  destroy(cause?: Error): void {
    if (this.#closed) return;
    const code = cause instanceof Http2Error ? cause.code : ErrorCode.NO_ERROR;
    this.#outbox.push(goawayFrame(this.#lastStream, code, cause instanceof Http2Error ? cause.message : ""));
    this.#close(cause);
  }

  #greet(): void {
    const { side, windowBytes, maxFrameBytes, maxStreams } = this.#options;
    if (side === "client") this.#outbox.push(PREFACE);
    else this.#prefaceLeft = PREFACE.length;
    const settings: [number, number][] = [[Setting.INITIAL_WINDOW_SIZE, windowBytes]];
    if (side === "client") settings.push([Setting.ENABLE_PUSH, 0]);
    if (maxFrameBytes !== MIN_FRAME_BYTES) settings.push([Setting.MAX_FRAME_SIZE, maxFrameBytes]);
    if (maxStreams !== undefined) settings.push([Setting.MAX_CONCURRENT_STREAMS, maxStreams]);
    this.#outbox.push(settingsFrame(settings));
    this.#outbox.push(numberFrame(Frame.WINDOW_UPDATE, 0, CONNECTION_WINDOW - DEFAULT_WINDOW));
  }

  #onChunk(chunk: Buffer): void {
    if (this.#closed) return;
    try {
      const bytes = this.#prefaceLeft > 0 ? this.#afterPreface(chunk) : chunk;
      if (bytes.length > 0) this.#reader.read(bytes);
    } catch (thrown) {
      if (!(thrown instanceof Http2Error)) throw thrown;
      this.destroy(thrown);
    }
    if (this.#outbox.backlogBytes > MAX_BACKLOG_BYTES && !this.#closed) {
      this.#outbox.flush();
      if (this.#socket.writableNeedDrain) this.#socket.pause();
    }
  }

  #afterPreface(chunk: Buffer): Buffer {
    const from = PREFACE.length - this.#prefaceLeft;
    const count = Math.min(this.#prefaceLeft, chunk.length);
    if (PREFACE.compare(chunk, 0, count, from, from + count) !== 0) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "the client speaks no HTTP/2");
    }
    this.#prefaceLeft -= count;
    return chunk.subarray(count);
  }

  onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    if (this.#blocks.take(type, flags, id, payload)) return;
    switch (type) {
      case Frame.DATA: {
        const bytes = unpadded(payload);
        this.onDataStart(id, payload.length, flags);
        this.onData(id, bytes);
        this.onDataEnd(id, flags);
        return;
      }
      case Frame.RST_STREAM:
        this.#checkLength(payload, 4);
        this.#onReset(this.#known(id), uint32(payload, 0));
        return;
      case Frame.SETTINGS:
        this.#checkConnection(id);
        this.#onSettings(flags, payload);
        return;
      case Frame.PING:
        this.#checkConnection(id);
        this.#checkLength(payload, 8);
        if ((flags & Flag.ACK) === 0) this.#outbox.push(frame(Frame.PING, Flag.ACK, 0, payload));
        else this.#onPong?.();
        return;
      case Frame.GOAWAY:
        this.#checkConnection(id);
        this.#onGoaway(payload);
        return;
      case Frame.WINDOW_UPDATE:
        this.#checkLength(payload, 4);
        this.#onWindow(id, uint32(payload, 0) & MAX_WINDOW);
        return;
      case Frame.PUSH_PROMISE:
        throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "nothing may be pushed");
      default:
        // PRIORITY means nothing any more, and unknown frames are to be ignored.
        return;
    }
  }

  onDataStart(id: number, length: number, flags: number): void {
    this.#blocks.checkClosed();
    const stream = this.#known(id);
    this.#unacknowledged += length;
    if (this.#unacknowledged > CONNECTION_WINDOW) throw tooMuch();
    if (this.#unacknowledged >= CONNECTION_WINDOW / 2) {
      this.#outbox.push(numberFrame(Frame.WINDOW_UPDATE, 0, this.#unacknowledged));
      this.#unacknowledged = 0;
    }
    this.#receiver = stream;
    if (stream === undefined) return;
    if (stream.remoteEnded) throw new Http2Error(ErrorCode.STREAM_CLOSED, "DATA behind a stream's end");
    const { windowBytes } = this.#options;
    stream.unacknowledged += length;
    if (stream.unacknowledged > windowBytes) throw tooMuch();
    if (stream.unacknowledged >= windowBytes / 2 && (flags & Flag.END_STREAM) === 0) {
      this.#outbox.push(numberFrame(Frame.WINDOW_UPDATE, id, stream.unacknowledged));
      stream.unacknowledged = 0;
    }
  }

  onData(_id: number, bytes: Buffer): void {
    const stream = this.#receiver;
    if (stream?.open) stream.listener.onData(bytes);
  }

  onDataEnd(_id: number, flags: number): void {
    const stream = this.#receiver;
    this.#receiver = undefined;
    if ((flags & Flag.END_STREAM) !== 0 && stream?.open) this.#remoteEnd(stream);
  }

  #onHeaders(id: number, fields: Fields | undefined, ended: boolean): void {
    const known = this.#known(id, true);
    if (known !== undefined) {
      if (known.remoteEnded) throw new Http2Error(ErrorCode.STREAM_CLOSED, "headers behind a stream's end");
      if (fields === undefined) return this.#refuse(known, ErrorCode.PROTOCOL_ERROR);
      known.listener.onHeaders(fields);
      if (ended && known.open) this.#remoteEnd(known);
      return;
    }
    const { onStream, maxStreams = Number.POSITIVE_INFINITY } = this.#options;
    // Behind a reset that has crossed it on the way.
    if (id <= this.#lastStream || onStream === undefined) return;
    if (id % 2 === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "a client's stream has an even number");
    this.#lastStream = id;
    const refused = this.#draining || this.#streams.size >= maxStreams;
    if (refused || fields === undefined) {
      const code = refused ? ErrorCode.REFUSED_STREAM : ErrorCode.ENHANCE_YOUR_CALM;
      this.#outbox.push(numberFrame(Frame.RST_STREAM, id, code));
      return;
    }
    const stream = this.#add(id, NOBODY);
    stream.listener = onStream(stream, fields);
    if (ended && stream.open) this.#remoteEnd(stream);
  }

  #onSettings(flags: number, payload: Buffer): void {
    if ((flags & Flag.ACK) !== 0) return this.#checkLength(payload, 0);
    if (payload.length % 6 !== 0) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "a broken SETTINGS frame");
    for (let at = 0; at < payload.length; at += 6) {
      const value = uint32(payload, at + 2);
      switch (payload.readUInt16BE(at)) {
        case Setting.HEADER_TABLE_SIZE:
          this.#sending.tableSize(value);
          break;
        case Setting.INITIAL_WINDOW_SIZE: {
          if (value > MAX_WINDOW) throw tooMuch();
          const more = value - this.#peerWindow;
          this.#peerWindow = value;
          for (const stream of this.#streams.values()) this.#sending.widen(stream, more);
          break;
        }
        case Setting.MAX_FRAME_SIZE:
          if (value < MIN_FRAME_BYTES || value > MAX_FRAME_BYTES) {
            throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `a frame size of ${value}`);
          }
          this.#sending.maxFrameBytes = value;
          break;
      }
    }
    this.#outbox.push(frame(Frame.SETTINGS, Flag.ACK, 0, Buffer.alloc(0)));
  }

  #onWindow(id: number, more: number): void {
    if (id !== 0) {
      const stream = this.#known(id);
      if (stream === undefined) return;
      if (more === 0 || stream.sendWindow + more > MAX_WINDOW) this.#refuse(stream, ErrorCode.FLOW_CONTROL_ERROR);
      else this.#sending.widen(stream, more);
    } else if (more === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "a window that grows by nothing");
    else this.#sending.widenAll(more);
  }

  #onReset(stream: Stream | undefined, code: number): void {
    if (this.#options.side === "server" && !this.#resets.take()) {
      throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "too many streams are reset");
    }
    if (stream === undefined) return;
    stream.listener.onReset(code);
    this.#remove(stream);
  }

  #onGoaway(payload: Buffer): void {
    if (payload.length < 8) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "a broken GOAWAY frame");
    if (this.#options.side === "server") return;
    this.#draining = true;
    const last = uint32(payload, 0) & MAX_WINDOW;
    for (const stream of this.#streams.values()) {
      if (stream.id <= last) continue;
      stream.listener.onReset(ErrorCode.REFUSED_STREAM);
      this.#remove(stream);
    }
    this.#options.onGoaway?.();
    this.#endIfDrained();
  }

  /** Ends a stream, and tells its listener. */
  #refuse(stream: Stream, code: number): void {
    stream.listener.onReset(code);
    this.reset(stream, code);
  }

  /** Undefined for a stream that is over; one that has not begun is an error, unless it may begin now. */
  #known(id: number, mayBegin = false): Stream | undefined {
    const stream = this.#streams.get(id);
    if (stream !== undefined) return stream;
    const begun = this.#options.side === "server" ? id <= this.#lastStream : id < this.#nextStream && id % 2 === 1;
    const fits = begun || (mayBegin && this.#options.side === "server");
    if (id === 0 || !fits) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `stream ${id} has not begun`);
    return undefined;
  }

  #checkConnection(id: number): void {
    if (id !== 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "a frame of the connection names a stream");
  }

  #checkLength(payload: Buffer, want: number): void {
    if (payload.length !== want) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, `a frame of ${payload.length} bytes`);
  }

  #add(id: number, listener: StreamListener): Stream {
    const stream: Stream = {
      id,
      listener,
      sendWindow: this.#peerWindow,
      unacknowledged: 0,
      remoteEnded: false,
      localEnded: false,
      open: true,
      queue: [],
    };
    this.#streams.set(id, stream);
    return stream;
  }

  #remoteEnd(stream: Stream): void {
    stream.remoteEnded = true;
    stream.listener.onEnd();
    if (stream.localEnded && stream.open) this.#remove(stream);
  }

  #localEnd(stream: Stream): void {
    stream.localEnded = true;
    if (stream.remoteEnded) this.#remove(stream);
    // A server that has answered wants no more of the question.
    else if (this.#options.side === "server") this.reset(stream, ErrorCode.NO_ERROR);
  }

  #remove(stream: Stream): void {
    stream.open = false;
    this.#sending.forget(stream);
    this.#streams.delete(stream.id);
    if (this.#streams.size === 0) this.#idleSinceMs = performance.now();
    stream.listener.onClosed?.();
    if (this.#draining) this.#endIfDrained();
  }

  #endIfDrained(): void {
    if (this.#streams.size > 0 || this.#closed) return;
    this.#close(undefined);
  }

  #close(cause: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cause = cause;
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) {
      stream.open = false;
      stream.listener.onReset(undefined);
      stream.listener.onClosed?.();
    }
    this.#outbox.flush();
    const socket = this.#socket;
    // What has been written may still leave, but a client that doesn't take it keeps no socket.
    const limit = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once("close", () => clearTimeout(limit));
    socket.end(() => socket.destroy());
  }
}

const NOBODY: StreamListener = { onHeaders() {}, onData() {}, onEnd() {}, onReset() {} };

function unpadded(payload: Buffer): Buffer {
  const padding = payload[0] ?? 0;
  if (padding >= payload.length) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "more padding than frame");
  return payload.subarray(1, payload.length - padding);
}

function tooMuch(): Http2Error {
  return new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "more DATA than the window is wide");
}
