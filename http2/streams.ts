import { ErrorCode, Http2Error } from "./error.ts";
import { MAX_WINDOW } from "./frame.ts";
import type { Stream, StreamListener } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

/** The open streams of a connection, and which have been. */
export class Streams {
  /** How much the other end takes on a stream that is new. */
  sendWindow: number;
  /** Of a client: how many the server lets it have open at once. */
  maxOpen: number = Number.POSITIVE_INFINITY;
  readonly #isServer: boolean;
  readonly #open = new StreamTable();
  #lastOfClient = 0;
  #next = 1;
  #idleSinceMs = performance.now();

  constructor(side: "client" | "server", sendWindow: number) {
    this.#isServer = side === "server";
    this.sendWindow = sendWindow;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The last one that a client has opened. */
  get last(): number {
    return this.#lastOfClient;
  }

  /** Whether there is a number left for a client's next one, and the server takes it. */
  get hasNext(): boolean {
    return this.#next < MAX_WINDOW - 1 && this.#open.size < this.maxOpen;
  }

  /** For how long none has been open. */
  get idleMs(): number {
    return this.#open.size > 0 ? 0 : performance.now() - this.#idleSinceMs;
  }

  /** Those that are open at this moment. */
  items(): Stream[] {
    return this.#open.items();
  }

  /** Undefined for one that is over. Throws Http2Error for one that has not begun, and for none at all. */
  get(id: number): Stream | undefined {
    const stream = this.#open.get(id);
    if (stream !== undefined) return stream;
    const begun = this.#isServer ? id <= this.#lastOfClient : id < this.#next && id % 2 === 1;
    if (id === 0 || !begun) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `stream ${id} has not begun`);
    return undefined;
  }

  /** Whether a client may begin one with this number, and has by this. Throws Http2Error where no client's has such a number. */
  begins(id: number): boolean {
    if (!this.#isServer || id <= this.#lastOfClient) return false;
    if (id % 2 === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "a client's stream has an even number");
    this.#lastOfClient = id;
    return true;
  }

  /** Of a client: the next one. */
  open(listener: StreamListener): Stream {
    const stream = this.add(this.#next, listener);
    this.#next += 2;
    return stream;
  }

  add(id: number, listener: StreamListener): Stream {
    const stream: Stream = {
      id,
      listener,
      sendWindow: this.sendWindow,
      unacknowledged: 0,
      remoteEnded: false,
      localEnded: false,
      open: true,
      queue: [],
    };
    this.#open.add(stream);
    return stream;
  }

  remove(stream: Stream): void {
    stream.open = false;
    if (this.#open.delete(stream.id) && this.#open.size === 0) this.#idleSinceMs = performance.now();
  }
}
