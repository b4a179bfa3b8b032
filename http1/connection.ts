import type { Socket } from "node:net";
import type { AnswerHeaders } from "./answer-head.ts";
import { type Answerer, Exchange } from "./exchange.ts";
import type { FrontOptions } from "./front-options.ts";
import { type Head, MAX_HEAD_BYTES, parseHead } from "./head.ts";

/** What the connections of a front have in common. */
export interface FrontParts<Route> extends FrontOptions<Route> {
  readonly headOf: (status: number, headers: AnswerHeaders, bytes: number, close: boolean) => string;
  /** As of the last look at the clock, which is good enough for limits of seconds. */
  nowMs: number;
  /** The connection is not ours any more. */
  readonly left: (connection: FrontConnection<Route>) => void;
  /** Gives the socket to the server behind; `unread` is what comes first. */
  readonly handOver: (socket: Socket, unread: Buffer) => void;
}

/** Of a head that comes in more pieces, or for longer than this, the server behind may make sense. */
const MAX_HEAD_PIECES = 4;
const MAX_HEAD_MS = 2_000;

const HEAD_END = "\r\n\r\n";

/** Of requests that wait for the answer of the one before. */
const MAX_WAITING_BYTES = 2 ** 16;

/** A longer answer is not copied behind its head. */
const JOIN_BYTES = 2 ** 14;

/** A head that this connection has sent, and will send again. */
interface Known<Route> {
  readonly head: Head;
  readonly route: Route;
}

/** A client's connection, as long as it asks nothing but what is plain: one request at a time, whatever lies in the socket. */
export class FrontConnection<Route> implements Answerer<Route> {
  readonly #socket: Socket;
  readonly #parts: FrontParts<Route>;
  #known: Known<Route> | undefined;
  #exchange: Exchange<Route> | undefined;
  /** Of the next request. */
  #waiting: Buffer | undefined;
  #headPieces = 0;
  #asked = false;
  #sinceMs: number;
  #last = false;
  #over = false;

  constructor(socket: Socket, parts: FrontParts<Route>) {
    this.#socket = socket;
    this.#parts = parts;
    this.#sinceMs = parts.nowMs;
    socket.on("end", this.#onEnd);
    socket.on("timeout", this.#onStall);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
  }

  get idle(): boolean {
    return this.#exchange === undefined && this.#waiting === undefined;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The same head may be for somebody else from now on. */
  forgetHead(): void {
    this.#known = undefined;
  }

  /** Ends what has taken longer than it may. */
  look(): void {
    const { timeouts, nowMs } = this.#parts;
    const sinceMs = nowMs - this.#sinceMs;
    const exchange = this.#exchange;
    if (this.#over) return;
    if (exchange !== undefined) {
      if (exchange.body === undefined && nowMs - exchange.sinceMs >= timeouts.requestMs) this.#refuse(TIMEOUT);
    } else if (this.#waiting !== undefined) {
      if (sinceMs >= MAX_HEAD_MS) this.#handOver(this.#waiting, true);
    } else if (!this.#asked) {
      if (sinceMs >= timeouts.headersMs) this.#refuse(TIMEOUT);
    } else if (sinceMs >= timeouts.keepAliveMs) this.#socket.destroy();
  }

  /** What the client has sent, in memory that is another's once this returns. */
  take(bytes: Buffer): void {
    if (this.#over || this.#last) return;
    const exchange = this.#exchange;
    if (exchange === undefined) {
      if (this.#waiting === undefined) this.#read(bytes, false);
      else this.#read(Buffer.concat([this.#waiting, bytes]), true);
      return;
    }
    let taken = 0;
    if (exchange.body === undefined) {
      taken = exchange.add(bytes, 0);
      this.#parts.onPiece?.(taken, this.#socket);
    }
    if (taken < bytes.length) this.#wait(bytes.subarray(taken), false);
  }

  send(exchange: Exchange<Route>, status: number, headers: AnswerHeaders, body: Uint8Array, close: boolean): void {
    const socket = this.#socket;
    // What is missing of the request would be taken for the next one.
    this.#last = close || exchange.body === undefined;
    const head = this.#parts.headOf(status, headers, body.length, this.#last);
    if (body.length <= JOIN_BYTES) {
      const whole = Buffer.allocUnsafe(head.length + body.length);
      whole.write(head, "latin1");
      whole.set(body, head.length);
      socket.write(whole, this.#onSent);
    } else {
      socket.cork();
      socket.write(head, "latin1");
      socket.write(body, this.#onSent);
      socket.uncork();
    }
    if (this.#last) socket.destroySoon();
    else if (socket.writableLength > 0) socket.setTimeout(this.#parts.timeouts.requestMs);
  }

  /** Nothing is under way, and `bytes` are the next that the client has sent; `own`: they stay as they are. */
  #read(bytes: Buffer, own: boolean): void {
    this.#waiting = undefined;
    const text = bytes.toString("latin1", 0, MAX_HEAD_BYTES);
    let known = this.#known;
    // Most clients send the same head again and again.
    if (known === undefined || !text.startsWith(known.head.text)) {
      const end = text.indexOf(HEAD_END);
      // A text of its own: what is kept of it keeps nothing of the body.
      const head = parseHead(end === -1 ? text : bytes.toString("latin1", 0, end + HEAD_END.length));
      if (head === "more" && ++this.#headPieces < MAX_HEAD_PIECES) {
        if (this.#headPieces === 1) this.#sinceMs = this.#parts.nowMs;
        this.#wait(bytes, own);
        return;
      }
      const route = head === "more" || head === undefined ? undefined : this.#parts.route(head, this.#socket);
      if (route === undefined) return this.#handOver(bytes, own);
      known = { head: head as Head, route };
      this.#known = known;
    }
    const { head, route } = known;
    if (!this.#parts.takes(head.contentLength)) return this.#handOver(bytes, own);
    this.#headPieces = 0;
    this.#asked = true;
    const exchange = new Exchange(route, head, this.#parts.nowMs, this);
    this.#exchange = exchange;
    this.#parts.counter.enter();
    const bodyAt = head.text.length;
    const next = bodyAt + exchange.add(bytes, bodyAt);
    if (next < bytes.length) this.#wait(bytes.subarray(next), own);
    this.#parts.serve(exchange);
  }

  /** Of requests that come before the last one is answered, only so much is taken in. */
  #wait(bytes: Buffer, own: boolean): void {
    if (this.#waiting !== undefined) this.#waiting = Buffer.concat([this.#waiting, bytes]);
    else this.#waiting = own ? bytes : Buffer.from(bytes);
    if (this.#waiting.length > MAX_WAITING_BYTES) this.#socket.pause();
  }

  readonly #onSent = (error?: Error | null): void => {
    // Where it could not leave, "close" follows.
    if (this.#over || error || this.#exchange === undefined) return;
    this.#exchange = undefined;
    this.#parts.counter.leave();
    if (this.#last) return;
    const socket = this.#socket;
    if (socket.timeout) socket.setTimeout(0);
    this.#sinceMs = this.#parts.nowMs;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    if (socket.isPaused()) socket.resume();
    this.#read(waiting, true);
  };

  /** As node:http: a client that sends no more is taken for one that waits for nothing either. */
  readonly #onEnd = (): void => {
    if (this.#over) return;
    const exchange = this.#exchange;
    const isCut = exchange === undefined ? this.#waiting !== undefined : exchange.body === undefined;
    if (isCut) this.#refuse(CUT_OFF);
    else this.#socket.end();
  };

  /** It takes nothing of its answer. */
  readonly #onStall = (): void => {
    this.#socket.destroy();
  };

  /** "close" follows. */
  readonly #onError = (): void => {};

  readonly #onClose = (): void => {
    this.#over = true;
    this.#parts.left(this);
    this.#endExchange();
  };

  /** Says what is wrong, and ends. */
  #refuse({ message, code }: Wrong): void {
    this.#over = true;
    this.#waiting = undefined;
    this.#endExchange();
    this.#parts.refuse(Object.assign(new Error(message), { code }), this.#socket);
  }

  #endExchange(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#exchange = undefined;
    exchange.end();
    this.#parts.counter.leave();
  }

  #handOver(unread: Buffer, own: boolean): void {
    const socket = this.#socket;
    this.#over = true;
    socket.off("end", this.#onEnd);
    socket.off("timeout", this.#onStall);
    socket.off("error", this.#onError);
    socket.off("close", this.#onClose);
    this.#parts.left(this);
    this.#parts.handOver(socket, own ? unread : Buffer.from(unread));
  }
}

interface Wrong {
  readonly message: string;
  readonly code: string;
}

/** In the words of node:http. */
const TIMEOUT: Wrong = { message: "Request timeout", code: "ERR_HTTP_REQUEST_TIMEOUT" };
const CUT_OFF: Wrong = { message: "Parse Error", code: "HPE_INVALID_EOF_STATE" };
