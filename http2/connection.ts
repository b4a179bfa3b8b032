import type { Duplex } from "node:stream";
import { ErrorCode, Http2Error } from "./error.ts";
import {
  DEFAULT_WINDOW,
  Frame,
  frame,
  goawayFrame,
  MIN_FRAME_BYTES,
  numberFrame,
  PREFACE,
  Setting,
  settingsFrame,
} from "./frame.ts";
import { FrameHandler, type Receiver } from "./frame-handler.ts";
import { FrameReader } from "./frame-reader.ts";
import { type Fields, MAX_LIST_BYTES } from "./header-decoder.ts";
import { Outbox } from "./outbox.ts";
import { Preface } from "./preface.ts";
import { ReceiveWindows } from "./receive-windows.ts";
import { SendQueue } from "./send-queue.ts";
import { endSocket } from "./socket-end.ts";
import { StallWatch } from "./stall-watch.ts";
import type { Stream, StreamListener } from "./stream.ts";
import { Streams } from "./streams.ts";

export interface ConnectionOptions {
  readonly side: "client" | "server";
  /** What may come on one stream before it is acknowledged. */
  readonly windowBytes: number;
  /** The longest frame that is taken, 16 KiB to 16 MiB. */
  readonly maxFrameBytes: number;
  /** Of a server: streams that may be open at once. */
  readonly maxStreams?: number;
  /** Of a server: a client has opened a stream. Whoever it gives is told of the rest, not of these fields. */
  readonly onStream?: (stream: Stream, fields: Fields) => StreamListener;
  /** What comes is given to `read` by whoever has made the socket: such a one has no 'data' events. */
  readonly fed?: boolean;
  /** Once, when the socket is closed; streams have been told before. */
  readonly onClose?: () => void;
}

/** For a client to say that it speaks HTTP/2 at all. */
const GREETING_MS = 10_000;

/** With more than this on its way out nothing is read: whoever asks has to take the answers too. */
const MAX_BACKLOG_BYTES = 2 ** 22;

/**
 * One HTTP/2 connection (RFC 9113), either side of it, over a socket that is its own from here on. Push and priorities are
 * left out, as gRPC has no use for them. What the other end does against the protocol ends the connection.
 */
export class Connection {
  readonly #socket: Duplex;
  readonly #options: ConnectionOptions;
  readonly #preface: Preface | undefined;
  readonly #reader: FrameReader;
  readonly #streams: Streams;
  readonly #windows: ReceiveWindows;
  readonly #outbox: Outbox;
  readonly #sending: SendQueue;
  readonly #stalls: StallWatch;
  #greeting: NodeJS.Timeout | undefined;
  #onPong: (() => void) | undefined;
  #draining = false;
  #closed = false;
  #cause: Error | undefined;

  constructor(socket: Duplex, options: ConnectionOptions) {
    const { side, windowBytes, maxFrameBytes } = options;
    this.#socket = socket;
    this.#options = options;
    this.#preface = side === "server" ? new Preface() : undefined;
    this.#streams = new Streams(side, DEFAULT_WINDOW);
    this.#outbox = new Outbox(socket);
    this.#windows = new ReceiveWindows(this.#outbox, windowBytes);
    this.#sending = new SendQueue(this.#outbox, (stream) => this.#localEnd(stream));
    this.#stalls = new StallWatch(this.#outbox, this.#sending, () => this.destroy(stalled()));
    this.#reader = new FrameReader(new FrameHandler(this.#receiver(options)), maxFrameBytes);
    this.#greet();
    if (options.fed !== true) socket.on("data", (chunk: Buffer) => this.read(chunk));
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
    return this.#streams.idleMs;
  }

  /** What waits for the other end to take it. */
  get queuedBytes(): number {
    return this.#sending.queuedBytes;
  }

  /** Of a client: whether another stream can be opened. */
  get opens(): boolean {
    return !this.#closed && !this.#draining && this.#streams.hasNext;
  }

  /** Of a client: a new stream, of which nothing has been sent yet. */
  open(listener: StreamListener): Stream {
    return this.#streams.open(listener);
  }

  /** `block` is what `encodeFields` gives. */
  sendHeaders(stream: Stream, block: Buffer, last: boolean): void {
    if (stream.open && !stream.localEnded) this.#sending.headers(stream, block, last);
  }

  /** The parts, one behind the other, as DATA; then the end of the stream, where `last` says so or with `trailers`. The bytes must stay as they are. */
  sendData(stream: Stream, parts: readonly Uint8Array[], last: boolean, trailers?: Buffer): void {
    if (!stream.open || stream.localEnded) return;
    this.#sending.data(stream, parts, last, trailers);
    if (this.#sending.queuedBytes > 0) this.#stalls.watch();
  }

  /** Ends a stream at once, both ways; its listener is told only that it is closed. */
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
    this.#outbox.push(goawayFrame(this.#streams.last, ErrorCode.NO_ERROR));
    this.#endIfDrained();
  }

  /** Ends now, whatever is open; what has been sent may still leave. */
  destroy(cause?: Error): void {
    if (this.#closed) return;
    const [code, why] = cause instanceof Http2Error ? [cause.code, cause.message] : [ErrorCode.NO_ERROR, ""];
    this.#outbox.push(goawayFrame(this.#streams.last, code, why));
    this.#close(cause);
  }

  /** Takes what has come; it is looked at no more once this returns. */
  read(chunk: Buffer): void {
    if (this.#closed) return;
    try {
      const bytes = this.#preface?.strip(chunk) ?? chunk;
      if (bytes.length > 0) this.#reader.read(bytes);
    } catch (thrown) {
      if (!(thrown instanceof Http2Error)) throw thrown;
      this.destroy(thrown);
    }
    if (this.#closed || this.#outbox.backlogBytes <= MAX_BACKLOG_BYTES) return;
    this.#outbox.flush();
    if (!this.#outbox.full) return;
    this.#socket.pause();
    this.#stalls.watch();
  }

  #receiver({ side, maxStreams = Number.POSITIVE_INFINITY, onStream }: ConnectionOptions): Receiver {
    const isClosed = (): boolean => this.#closed;
    const isDraining = (): boolean => this.#draining;
    return {
      isServer: side === "server",
      maxStreams,
      onStream,
      streams: this.#streams,
      windows: this.#windows,
      outbox: this.#outbox,
      sending: this.#sending,
      get closed() {
        return isClosed();
      },
      get draining() {
        return isDraining();
      },
      onGreeted: () => clearTimeout(this.#greeting),
      remove: (stream) => this.#remove(stream),
      onPong: () => this.#onPong?.(),
      onGoaway: () => {
        this.#draining = true;
        this.#endIfDrained();
      },
    };
  }

  #greet(): void {
    const { side, windowBytes, maxFrameBytes, maxStreams } = this.#options;
    if (side === "client") this.#outbox.push(PREFACE);
    else this.#greeting = setTimeout(() => this.destroy(silent()), GREETING_MS).unref();
    const settings: [number, number][] = [[Setting.INITIAL_WINDOW_SIZE, windowBytes]];
    if (side === "client") settings.push([Setting.ENABLE_PUSH, 0]);
    if (maxFrameBytes !== MIN_FRAME_BYTES) settings.push([Setting.MAX_FRAME_SIZE, maxFrameBytes]);
    if (side === "server") settings.push([Setting.MAX_HEADER_LIST_SIZE, MAX_LIST_BYTES]);
    if (maxStreams !== undefined) settings.push([Setting.MAX_CONCURRENT_STREAMS, maxStreams]);
    this.#outbox.push(settingsFrame(settings));
    this.#windows.open();
  }

  #localEnd(stream: Stream): void {
    stream.localEnded = true;
    if (stream.remoteEnded) this.#remove(stream);
    // A server that has answered wants no more of the question.
    else if (this.#options.side === "server") this.reset(stream, ErrorCode.NO_ERROR);
  }

  #remove(stream: Stream): void {
    if (!stream.open) return;
    this.#sending.forget(stream);
    this.#streams.remove(stream);
    stream.listener.onClosed?.();
    if (this.#draining) this.#endIfDrained();
  }

  #endIfDrained(): void {
    if (this.#streams.size === 0) this.#close(undefined);
  }

  #close(cause: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#greeting);
    this.#stalls[Symbol.dispose]();
    this.#cause = cause;
    for (const stream of this.#streams.items()) {
      if (!stream.open) continue;
      stream.listener.onReset(undefined);
      this.#sending.forget(stream);
      this.#streams.remove(stream);
      stream.listener.onClosed?.();
    }
    this.#outbox.flush();
    endSocket(this.#socket);
  }
}

function stalled(): Http2Error {
  return new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "nothing of what waits is taken");
}

function silent(): Http2Error {
  return new Http2Error(ErrorCode.PROTOCOL_ERROR, "the client says nothing");
}
