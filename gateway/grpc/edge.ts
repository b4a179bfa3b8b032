import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { STATUS_CODES } from "../../core/index.ts";
import {
  answerStatus,
  answerUnsupported,
  Connection,
  type Fields,
  fieldOf,
  isGrpc,
  isPlainCall,
  keepalive,
  memoryPipe,
  relay,
  type Stream,
  type StreamListener,
  type UnaryAnswer,
  UnaryCall,
  type UnaryRequest,
} from "../../http2/index.ts";
import { type AnswerParts, answerPlain, type RawHandler } from "./answer.ts";
import type { ConnectionLimits } from "./channel-arguments.ts";
import { PEER_KEY } from "./parse.ts";

export interface EdgeParts extends AnswerParts {
  readonly limits: ConnectionLimits;
  /** The methods that are read here, by their path. */
  readonly handlers: ReadonlyMap<string, RawHandler>;
  /** Whether there is such a method at all. */
  readonly knows: (path: string) => boolean;
  /** Gives a connection to grpc-js, which has all the rest of gRPC: streams, compression, the cold methods. */
  readonly inject: (socket: Duplex) => void;
}

/** grpc-js's end of a connection within this process takes this much. */
const RELAY_OPTIONS = { side: "client", windowBytes: 2 ** 20, maxFrameBytes: 16_384 } as const;

/** A payload that every client may send; longer ones would only be held longer. */
const MAX_FRAME_BYTES = 16_384;

/**
 * One client's connection. Plain calls of the hot methods are read and answered here, at a small part of what grpc-js's server
 * takes for one; every other stream is relayed to grpc-js, over a connection that is opened for the first such stream.
 */
export class EdgeConnection {
  readonly connection: Connection;
  readonly #parts: EdgeParts;
  readonly #peer: string;
  readonly #timers: Disposable[] = [];
  #inner: Connection | undefined;

  constructor(socket: Socket, parts: EdgeParts, onClose: (closed: EdgeConnection) => void) {
    const { limits } = parts;
    this.#parts = parts;
    const { remoteAddress, remotePort } = socket;
    this.#peer = remoteAddress === undefined ? "unknown" : `${remoteAddress}:${remotePort}`;
    this.connection = new Connection(socket, {
      side: "server",
      windowBytes: limits.windowBytes,
      maxFrameBytes: MAX_FRAME_BYTES,
      ...(limits.maxStreams === undefined ? {} : { maxStreams: limits.maxStreams }),
      onStream: (stream, fields) => this.#take(stream, fields),
      onClose: () => {
        for (const timer of this.#timers) timer[Symbol.dispose]();
        this.#inner?.destroy();
        onClose(this);
      },
    });
    this.#timers.push(keepalive(this.connection, limits.ping));
    this.#limitAge();
    this.#limitIdleness();
  }

  #take(stream: Stream, fields: Fields): StreamListener {
    const path = fieldOf(fields, ":path") ?? "";
    // grpc-js would throw into the void where the stream is gone before it has come to such an answer.
    if (!isGrpc(fields)) {
      answerUnsupported(this.connection, stream);
      return stream.listener;
    }
    if (!this.#parts.knows(path)) {
      const sentence = `The server does not implement the method ${path}`;
      answerStatus(this.connection, stream, STATUS_CODES.UNIMPLEMENTED, sentence);
      return stream.listener;
    }
    const handler = this.#parts.handlers.get(path);
    if (handler === undefined || !isPlainCall(fields)) return this.#relay(stream, fields);
    const { limits, inFlight } = this.#parts;
    const serve = (request: UnaryRequest): Promise<UnaryAnswer> =>
      answerPlain(this.#parts, handler, request, this.#peer);
    return new UnaryCall(this.connection, stream, fields, serve, limits, inFlight);
  }

  #relay(stream: Stream, fields: Fields): StreamListener {
    if (this.#inner === undefined || !this.#inner.opens) {
      const [near, far] = memoryPipe();
      this.#parts.inject(far);
      this.#inner = new Connection(near, RELAY_OPTIONS);
    }
    const named: string[] = [];
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] !== PEER_KEY) named.push(fields[i] as string, fields[i + 1] as string);
    }
    return relay(this.connection, stream, this.#inner, [...named, PEER_KEY, this.#peer]);
  }

  /** A tenth more or less, so that clients that came together don't come back together. */
  #limitAge(): void {
    const { maxAgeMs, maxAgeGraceMs } = this.#parts.limits;
    if (maxAgeMs === undefined) return;
    this.#after(maxAgeMs * (0.9 + Math.random() / 5), () => {
      this.connection.drain();
      if (maxAgeGraceMs !== undefined) this.#after(maxAgeGraceMs, () => this.connection.destroy());
    });
  }

  #limitIdleness(): void {
    const { maxIdleMs } = this.#parts.limits;
    if (maxIdleMs === undefined) return;
    const look = (): void => {
      const idleMs = this.connection.idleMs;
      if (idleMs >= maxIdleMs) this.connection.drain();
      else this.#after(maxIdleMs - idleMs, look);
    };
    this.#after(maxIdleMs, look);
  }

  #after(ms: number, act: () => void): void {
    // `setTimeout` turns a longer delay into 1 ms.
    if (ms >= 2 ** 31) return;
    const timer = setTimeout(act, ms).unref();
    this.#timers.push({ [Symbol.dispose]: () => clearTimeout(timer) });
  }
}
