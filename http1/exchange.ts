import { CallController, type CallSignal } from "../core/index.ts";
import type { AnswerHeaders } from "./answer-head.ts";

/** A plain request. Its body may still be on its way. */
export interface PlainRequest<Route> {
  readonly route: Route;
  readonly header: (name: string) => string | undefined;
  /** Of the body. */
  readonly contentLength: number;
  /** All of it, to be read only: a short one is a view of memory that holds others. Undefined as long as some is missing. */
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
  #whole: Buffer | undefined;
  #onBody: ((body: Buffer | undefined) => void) | undefined;

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

  /** Copies of `bytes`, from `from` on, what belongs to the body; says how much. */
  add(bytes: Buffer, from: number): number {
    const missing = this.contentLength - this.receivedBytes;
    const taken = Math.min(missing, bytes.length - from);
    if (taken === 0) return 0;
    // Of memory of its own, which a long body has, what is not written yet takes none.
    const whole = (this.#whole ??= Buffer.allocUnsafe(this.contentLength));
    bytes.copy(whole, this.receivedBytes, from, from + taken);
    this.receivedBytes += taken;
    if (taken < missing) return taken;
    this.body = whole;
    this.#onBody?.(whole);
    return taken;
  }

  wholeBody(): Promise<Buffer | undefined> {
    if (this.body !== undefined || this.signal.aborted) return Promise.resolve(this.body);
    return new Promise((resolve) => {
      this.#onBody = resolve;
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
    if (this.body === undefined) this.#onBody?.(undefined);
  }
}

/** The connection that an exchange is on. */
export interface Answerer<Route> {
  send(exchange: Exchange<Route>, status: number, headers: AnswerHeaders, body: Uint8Array, close: boolean): void;
}
