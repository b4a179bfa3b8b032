import type { Duplex } from "node:stream";

/** Chunks that together are shorter than this become one before they are written: a copy is cheaper than a long list. */
const JOIN_BYTES = 65_536;

/** Gathers what is written within a turn of the event loop, so that it leaves in one system call. */
export class Outbox {
  readonly #socket: Duplex;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #pushedBytes = 0;
  readonly #flush = (): void => this.flush();

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** What the other end has not taken yet. */
  get backlogBytes(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  /** What has left altogether. */
  get leftBytes(): number {
    return this.#pushedBytes - this.backlogBytes;
  }

  /** The socket is to be given no more before it drains. */
  get full(): boolean {
    return this.#socket.writableNeedDrain;
  }

  push(chunk: Uint8Array): void {
    if (this.#chunks.length === 0) process.nextTick(this.#flush);
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#pushedBytes += chunk.length;
  }

  flush(): void {
    const chunks = this.#chunks;
    if (chunks.length === 0) return;
    const bytes = this.#bytes;
    this.#chunks = [];
    this.#bytes = 0;
    const socket = this.#socket;
    if (!socket.writable) return;
    if (chunks.length === 1) socket.write(chunks[0]);
    else if (bytes <= JOIN_BYTES) socket.write(Buffer.concat(chunks, bytes));
    else {
      socket.cork();
      for (const chunk of chunks) socket.write(chunk);
      socket.uncork();
    }
  }
}
