import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { STATUS_CODES, takeOver } from "../core/index.ts";
import { Connection } from "./connection.ts";
import { fieldOf } from "./fields.ts";
import type { Fields } from "./header-decoder.ts";
import { keepalive, type PingConfig } from "./keepalive.ts";
import { memoryPipe } from "./memory-pipe.ts";
import { relay } from "./relay.ts";
import type { Rooms } from "./rooms.ts";
import type { Stream, StreamListener } from "./stream.ts";
import {
  answerStatus,
  answerUnsupported,
  type CallCounter,
  isGrpc,
  isPlainCall,
  type MessageLimits,
  UnaryCall,
  type UnaryHandler,
} from "./unary-server.ts";

export interface ConnectionLimits extends MessageLimits {
  readonly ping: PingConfig;
  /** What may come on one stream before it is acknowledged. */
  readonly windowBytes: number;
  /** The longest frame that is taken, from 16 KiB. */
  readonly maxFrameBytes: number;
  readonly maxStreams?: number | undefined;
  /** Of all calls together; after that the client is told to open another connection. */
  readonly maxAgeMs?: number | undefined;
  /** What calls under way have left then. */
  readonly maxAgeGraceMs?: number | undefined;
  /** Without a call. */
  readonly maxIdleMs?: number | undefined;
}

export interface FrontOptions {
  readonly limits: ConnectionLimits;
  /** The unary methods that are read here, by path. */
  readonly handlers: ReadonlyMap<string, UnaryHandler>;
  /** Whether there is such a method at all. */
  readonly knows: (path: string) => boolean;
  /** Gives a connection to a server that has all the rest of gRPC: streams, compression, the other methods. */
  readonly inject: (socket: Duplex) => void;
  readonly counter?: CallCounter;
  /** Where messages are kept. Default: memory that is left to the garbage collector. */
  readonly rooms?: Rooms;
}

/** Under which name the other server is told who the client is, as the connection that it sees is one within this process. */
export const PEER_KEY = "tensorgate-peer";

/** The same of the common name of its certificate, percent-encoded. */
export const CERTIFICATE_KEY = "tensorgate-certificate";

/** The other server's end of a connection within this process takes this much. */
const RELAY_OPTIONS = { side: "client", windowBytes: 2 ** 20, maxFrameBytes: 16_384 } as const;

/**
 * Stands before a gRPC server. Plain unary calls of some methods are read and answered here, at a small part of what such a
 * server takes for one; every other stream is relayed to it. Whoever creates it ends it.
 */
export class GrpcFront {
  readonly #options: FrontOptions;
  readonly #connections = new Set<FrontConnection>();
  #onEmpty: (() => void)[] = [];

  constructor(options: FrontOptions) {
    this.#options = options;
  }

  /** Serves a client. */
  accept(socket: Socket): void {
    socket.setNoDelay(true);
    const connection = new FrontConnection(socket, this.#options, () => {
      this.#connections.delete(connection);
      if (this.#connections.size > 0) return;
      for (const resolve of this.#onEmpty) resolve();
      this.#onEmpty = [];
    });
    this.#connections.add(connection);
  }

  /** Takes no new calls. Resolves once those under way have ended and every client has gone. */
  async drain(): Promise<void> {
    for (const { connection } of this.#connections) connection.drain();
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  /** Ends all that is under way. */
  destroy(): void {
    for (const { connection } of this.#connections) connection.destroy();
  }
}

class FrontConnection {
  readonly connection: Connection;
  readonly #options: FrontOptions;
  readonly #peer: string;
  readonly #certificate: string | undefined;
  readonly #timers: Disposable[] = [];
  #inner: Connection | undefined;

  constructor(socket: Socket, options: FrontOptions, onClose: () => void) {
    const { windowBytes, maxFrameBytes, maxStreams, ping } = options.limits;
    this.#options = options;
    const { remoteAddress, remotePort } = socket;
    this.#peer = remoteAddress === undefined ? "unknown" : `${remoteAddress}:${remotePort}`;
    this.#certificate = commonNameOf(socket);
    const own = takeOver(socket, (bytes) => this.connection.read(bytes));
    this.connection = new Connection(own ?? socket, {
      side: "server",
      fed: own !== undefined,
      windowBytes,
      maxFrameBytes,
      ...(maxStreams === undefined ? {} : { maxStreams }),
      onStream: (stream, fields) => this.#take(stream, fields),
      onClose: () => {
        for (const timer of this.#timers) timer[Symbol.dispose]();
        this.#inner?.destroy();
        onClose();
      },
    });
    this.#timers.push(keepalive(this.connection, ping));
    this.#limitAge();
    this.#limitIdleness();
  }

  #take(stream: Stream, fields: Fields): StreamListener {
    const { connection } = this;
    const path = fieldOf(fields, ":path") ?? "";
    // grpc-js would throw into the void where the stream is gone before it has come to such an answer.
    if (!isGrpc(fields)) {
      answerUnsupported(connection, stream);
      return stream.listener;
    }
    if (!this.#options.knows(path)) {
      const sentence = `The server does not implement the method ${path}`;
      answerStatus(connection, stream, STATUS_CODES.UNIMPLEMENTED, sentence);
      return stream.listener;
    }
    const handler = this.#options.handlers.get(path);
    if (handler === undefined || !isPlainCall(fields)) return this.#relay(stream, fields);
    const { limits, counter, rooms } = this.#options;
    return new UnaryCall({
      connection,
      stream,
      fields,
      handler,
      limits,
      counter,
      rooms,
      peer: this.#peer,
      certificate: this.#certificate,
    });
  }

  #relay(stream: Stream, fields: Fields): StreamListener {
    if (this.#inner === undefined || !this.#inner.opens) {
      const [near, far] = memoryPipe();
      this.#options.inject(far);
      this.#inner = new Connection(near, RELAY_OPTIONS);
    }
    const named: string[] = [];
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i] as string;
      if (name !== PEER_KEY && name !== CERTIFICATE_KEY) named.push(name, fields[i + 1] as string);
    }
    named.push(PEER_KEY, this.#peer);
    if (this.#certificate !== undefined) named.push(CERTIFICATE_KEY, encodeURIComponent(this.#certificate));
    return relay(this.connection, stream, this.#inner, named);
  }

  /** A tenth more or less, so that clients that came together don't come back together. */
  #limitAge(): void {
    const { maxAgeMs, maxAgeGraceMs } = this.#options.limits;
    if (maxAgeMs === undefined) return;
    this.#after(maxAgeMs * (0.9 + Math.random() / 5), () => {
      this.connection.drain();
      if (maxAgeGraceMs !== undefined) this.#after(maxAgeGraceMs, () => this.connection.destroy());
    });
  }

  #limitIdleness(): void {
    const { maxIdleMs } = this.#options.limits;
    if (maxIdleMs === undefined) return;
    const look = (): void => {
      const { idleMs } = this.connection;
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

/** Of a client whose certificate was asked for and found good. */
function commonNameOf(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  // There is no subject without a certificate, and a list of names for several.
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === "string" ? name : undefined;
}
