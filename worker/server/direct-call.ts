import type { ServerHttp2Stream } from "node:http2";
import { type Deadline, InferenceError } from "../../core/index.ts";
import { type BytesAnswer, type CallScope, clientGaveUp, type HandlerParts, logUnexpected } from "./call-scope.ts";
import { MessageParts, PREFIX_BYTES } from "./message-parts.ts";
import { errorStatus } from "./status.ts";

/** From here on a message is not copied behind its prefix: both are written, at the price of a frame more. */
const BIG_BYTES = 16_384;

const HEADERS = { ":status": 200, "content-type": "application/grpc" };
const WITH_TRAILERS = { waitForTrailers: true, sendDate: false };
const WITHOUT_MESSAGE = { endStream: true, sendDate: false };
const OK_TRAILERS = { "grpc-status": "0" };

/**
 * One unary call on its HTTP/2 stream. It is answered in the turn in which the last byte of its message has come, unless
 * the answer takes longer. Whatever is thrown becomes the status.
 */
export class DirectCall implements CallScope {
  readonly deadline: Deadline;
  readonly #stream: ServerHttp2Stream;
  readonly #path: string;
  readonly #answer: BytesAnswer;
  readonly #parts: HandlerParts;
  readonly #message = new MessageParts();
  #is: "receiving" | "answering" | "ended" = "receiving";
  #gaveUp: AbortController | undefined;

  constructor(stream: ServerHttp2Stream, path: string, deadline: Deadline, answer: BytesAnswer, parts: HandlerParts) {
    this.deadline = deadline;
    this.#stream = stream;
    this.#path = path;
    this.#answer = answer;
    this.#parts = parts;
  }

  /** Begins; to be called at once, in the turn in which the headers have come. */
  receive(): void {
    const stream = this.#stream;
    stream.on("data", (chunk: Buffer) => this.#onData(chunk));
    stream.on("end", () => this.#onEnd());
    stream.on("close", () => this.#onClose());
    stream.on("error", () => {}); // the close that follows tells the same
  }

  /** Made when it is asked for: most calls are answered before anybody could give up. */
  get signal(): AbortSignal {
    this.#gaveUp ??= new AbortController();
    if (this.#is === "ended") this.#gaveUp.abort(clientGaveUp());
    return this.#gaveUp.signal;
  }

  #onData(chunk: Buffer): void {
    if (this.#is !== "receiving") return;
    const bytes = this.#message.push(chunk);
    if (bytes === undefined) return;
    if (bytes.readUInt32BE(1) !== bytes.length - PREFIX_BYTES) this.#refuse("a second request message");
    else if (bytes[0] !== 0) this.#fail(new InferenceError("INTERNAL", "a message is compressed, but not said how"));
    else void this.#respond(bytes.subarray(PREFIX_BYTES));
  }

  #onEnd(): void {
    if (this.#is === "receiving") this.#refuse("no request message");
  }

  #onClose(): void {
    if (this.#is === "ended") return;
    this.#is = "ended";
    this.#gaveUp?.abort(clientGaveUp());
  }

  /** Not a promise for an answer that is there at once: nothing then comes between a message and its answer. */
  #respond(message: Buffer): void | Promise<void> {
    this.#is = "answering";
    const counted = this.#parts.inFlight.enter();
    const failed = (thrown: unknown): void => {
      logUnexpected(this.#parts.log, thrown, this.#path);
      this.#fail(thrown);
    };
    let answer: Uint8Array | Promise<Uint8Array>;
    try {
      answer = this.#answer(message, this);
      if (!(answer instanceof Promise)) this.#reply(answer);
    } catch (thrown) {
      answer = new Uint8Array(0);
      failed(thrown);
    }
    if (!(answer instanceof Promise)) return counted[Symbol.dispose]();
    return answer.then((bytes) => this.#reply(bytes), failed).finally(() => counted[Symbol.dispose]());
  }

  #reply(message: Uint8Array): void {
    if (!this.#mayEnd()) return;
    const stream = this.#stream;
    stream.respond(HEADERS, WITH_TRAILERS);
    stream.on("wantTrailers", () => stream.sendTrailers(OK_TRAILERS));
    const big = message.length >= BIG_BYTES;
    const head = Buffer.allocUnsafe(PREFIX_BYTES + (big ? 0 : message.length));
    head[0] = 0;
    head.writeUInt32BE(message.length, 1);
    if (big) {
      stream.write(head);
      stream.end(message);
    } else {
      head.set(message, PREFIX_BYTES);
      stream.end(head);
    }
  }

  /** In grpc-js's words for it. */
  #refuse(what: string): void {
    const message = `Received ${what} for server streaming method ${this.#path}`;
    this.#fail(new InferenceError("UNIMPLEMENTED", message));
  }

  #fail(thrown: unknown): void {
    if (!this.#mayEnd()) return;
    const { code, details, metadata } = errorStatus(thrown);
    const status = { "grpc-status": String(code), "grpc-message": encodeURI(details) };
    this.#stream.respond({ ...HEADERS, ...status, ...metadata?.toHttp2Headers() }, WITHOUT_MESSAGE);
  }

  /** Whether anybody still waits for the one answer. */
  #mayEnd(): boolean {
    const open = this.#is !== "ended" && !this.#stream.destroyed && !this.#stream.closed;
    this.#is = "ended";
    return open;
  }
}
