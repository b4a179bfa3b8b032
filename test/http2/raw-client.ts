import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Connection, type ConnectionOptions, type Fields } from "../../http2/index.ts";
import type { Stream, StreamListener } from "../../http2/stream.ts";

export interface Seen {
  readonly stream: Stream;
  readonly connection: Connection;
  readonly fields: Fields;
  readonly parts: Buffer[];
  trailers: Fields | undefined;
  ended: boolean;
  /** Of its reset; null where the connection was lost. */
  reset: number | null | undefined;
}

export interface TestServer extends Disposable {
  readonly port: number;
  readonly seen: Seen[];
  readonly connections: Connection[];
}

/** A server of bare connections; `onEnd` is called for each stream whose question is there. */
export async function startConnections(
  onEnd: (seen: Seen) => void,
  options: Partial<ConnectionOptions> = {},
): Promise<TestServer> {
  const seen: Seen[] = [];
  const connections: Connection[] = [];
  const server = createServer((socket) => {
    const connection = new Connection(socket, {
      side: "server",
      windowBytes: 65_535,
      maxFrameBytes: 16_384,
      onStream(stream, fields): StreamListener {
        const one: Seen = {
          stream,
          connection,
          fields,
          parts: [],
          trailers: undefined,
          ended: false,
          reset: undefined,
        };
        seen.push(one);
        return {
          onHeaders: (trailers) => void (one.trailers = trailers),
          onData: (bytes) => void one.parts.push(bytes),
          onEnd: () => {
            one.ended = true;
            onEnd(one);
          },
          onReset: (code) => void (one.reset = code ?? null),
        };
      },
      ...options,
    });
    connections.push(connection);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    connections,
    [Symbol.dispose]() {
      server.close();
      for (const connection of connections) connection.destroy();
    },
  };
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A client that writes what it likes. */
export class RawClient implements Disposable {
  readonly frames: Frame[] = [];
  readonly closed: Promise<unknown>;
  readonly #socket: Socket;
  #rest = Buffer.alloc(0);

  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("error", () => {});
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk));
    // Not `once`, which rejects where frames were on their way as the server closed.
    this.closed = new Promise((resolve) => this.#socket.once("close", resolve));
  }

  /** The preface and an empty SETTINGS frame. */
  greet(): this {
    this.#socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    return this.frame(4, 0, 0);
  }

  write(bytes: Uint8Array | string): this {
    this.#socket.write(bytes);
    return this;
  }

  frame(type: number, flags: number, stream: number, payload: readonly number[] | Uint8Array = []): this {
    return this.write(frameOf(type, flags, stream, payload));
  }

  /** Reads nothing more. */
  pause(): void {
    this.#socket.pause();
  }

  /** What the server has not taken. */
  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  /** The code of the GOAWAY that has come; undefined without one. */
  get goaway(): number | undefined {
    return this.frames.find(({ type }) => type === 7)?.payload.readUInt32BE(4);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) return;
      const [type, flags] = [this.#rest.readUInt8(3), this.#rest.readUInt8(4)];
      this.frames.push({ type, flags, stream: this.#rest.readUInt32BE(5), payload: this.#rest.subarray(9, end) });
      this.#rest = this.#rest.subarray(end);
    }
  }
}

export function frameOf(
  type: number,
  flags: number,
  stream: number,
  payload: readonly number[] | Uint8Array = [],
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, Buffer.from(payload)]);
}
