import { CallController, type CallSignal } from "../core/index.ts";
import type { AnswerHeaders } from "./answer-head.ts";

/** A plain request. Its body may still be on its way. */
export interface PlainRequest<Route> {
  readonly route: Route;
  readonly header: (name: string) => string | undefined;
  /** Of the body. */
  readonly contentLength: number;
  /** All of it, to be read only: it may be a view of memory that holds more. Undefined as long as some is missing. */
  readonly body: Buffer | undefined;
  /** Of the body, so far. */
  readonly receivedBytes: number;
  /** Resolves once the body has come; with undefined when the client leaves, or takes too long, before that. */
  wholeBody(): Promise<Buffer | undefined>;
  /** Aborted when the connection ends before the answer has been given. */
  readonly signal: CallSignal;
  /**
   * Once; nothing happens where the client has left. Names and values of headers are written as they are; the length and what
   * belongs to the connection are not among them. `close`: it is the last answer of its connection.
   */
  answer(status: number, headers: AnswerHeaders, body: Uint8Array, close: boolean): void;
}

const NOTHING = Buffer.alloc(0);

/** One request and its answer. */
export class Exchange<Route> implements PlainRequest<Route> {
  readonly route: Route;
  readonly header: (name: string) => string | undefined;
  readonly contentLength: number;
  readonly signal: CallController = new CallController();
  /** Of what moves its time limit. */
  readonly sinceMs: number;
  body: Buffer | undefined;
  receivedBytes = 0;
  answered = false;
  readonly #answerer: Answerer<Route>;
  #parts: Buffer = NOTHING;
  #whole: ((body: Buffer | undefined) => void) | undefined;

  constructor(
    route: Route,
    { header, contentLength }: Pick<PlainRequest<Route>, "header" | "contentLength">,
    sinceMs: number,
    answerer: Answerer<Route>,
  ) {
    this.route = route;
    this.header = header;
    this.contentLength = contentLength;
    this.sinceMs = sinceMs;
    this.#answerer = answerer;
    if (contentLength === 0) this.body = NOTHING;
  }

  /** Takes of `bytes`, from `from` on, what belongs to the body; says how many. The first piece stays what it is if it is all. */
  add(bytes: Buffer, from: number): number {
    const missing = this.contentLength - this.receivedBytes;
    const taken = Math.min(missing, bytes.length - from);
    if (taken === 0) return 0;
    if (taken === this.contentLength) this.body = bytes.subarray(from, from + taken);
    else {
      // Memory of its own, of which what is not written yet takes none.
      if (this.receivedBytes === 0) this.#parts = Buffer.allocUnsafeSlow(this.contentLength);
      bytes.copy(this.#parts, this.receivedBytes, from, from + taken);
      if (taken === missing) this.body = this.#parts;
    }
    this.receivedBytes += taken;
    if (taken === missing) this.#whole?.(this.body);
    return taken;
  }

  wholeBody(): Promise<Buffer | undefined> {
    if (this.body !== undefined || this.signal.aborted) return Promise.resolve(this.body);
    return new Promise((resolve) => {
      this.#whole = resolve;
    });
  }

  answer(status: number, headers: AnswerHeaders, body: Uint8Array, close: boolean): void {
    if (this.answered || this.signal.aborted) return;
    this.answered = true;
    this.#answerer.send(this, status, headers, body, close);
  }

  /** The connection has ended; an answer that has been given may have left. */
  end(): void {
    if (this.answered) return;
    this.signal.abort();
    if (this.body === undefined) this.#whole?.(undefined);
  }
}

/** The connection that an exchange is on. */
export interface Answerer<Route> {
  send(exchange: Exchange<Route>, status: number, headers: AnswerHeaders, body: Uint8Array, close: boolean): void;
}
