import {
  type Bytes,
  byteLengthOf,
  CallController,
  type CallSignal,
  type Deadline,
  deadlineIn,
  NO_DEADLINE,
  onDeadline,
  piecesOf,
  STATUS_CODES,
} from "../core/index.ts";
import type { Connection } from "./connection.ts";
import { ErrorCode } from "./error.ts";
import { fieldOf } from "./fields.ts";
import type { Fields } from "./header-decoder.ts";
import { encodeFields } from "./header-encoder.ts";
import { MessageReader, messagePrefix } from "./message.ts";
import { NEW_ROOMS, type Rooms } from "./rooms.ts";
import { percentEncoded } from "./status-text.ts";
import type { Stream, StreamListener } from "./stream.ts";

/** A unary gRPC call as it has come in. */
export interface UnaryRequest {
  readonly fields: Fields;
  readonly message: Bytes;
  readonly deadline: Deadline;
  /** Aborted when the client gives up, its deadline passes or its connection is lost before the answer. */
  readonly signal: CallSignal;
  /** The client's `address:port`. */
  readonly peer: string;
  /** The common name of the certificate that the client has shown and that was found good. */
  readonly certificate: string | undefined;
  /** Sends metadata with the answer; with an error in its trailers. The last value of a name counts. */
  addHeader(name: string, value: string): void;
  /** For a handler that knows that nobody looks at the message any more, nor will: its memory may be used again. */
  release(): void;
}

export type UnaryAnswer =
  | { readonly code: 0; readonly message: Bytes }
  | { readonly code: number; readonly details: string; readonly trailers?: Fields };

/** Neither throws nor rejects. What is answered at once leaves in the turn in which the message came. */
export type UnaryHandler = (request: UnaryRequest) => UnaryAnswer | Promise<UnaryAnswer>;

export interface MessageLimits {
  /** -1: none. */
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
}

const NO_MESSAGE = Buffer.alloc(0);

/** What grpc-js's server sends, which serves the other methods on the same port. */
const CONTENT_TYPE = ["content-type", "application/grpc+proto"] as const;
const FIELDS = Object.entries({
  ":status": "200",
  "content-type": "application/grpc+proto",
  "grpc-accept-encoding": "identity,deflate,gzip",
  "grpc-encoding": "identity",
}).flat();
const HEADERS = encodeFields(FIELDS);
const OK_TRAILERS = encodeFields(["grpc-status", "0", "grpc-message", "OK"]);

export function isGrpc(fields: Fields): boolean {
  return fieldOf(fields, "content-type")?.startsWith("application/grpc") ?? false;
}

/** Whether a gRPC stream is as plain as most are: anything else is for a server that knows all of gRPC. */
export function isPlainCall(fields: Fields): boolean {
  const encoding = fieldOf(fields, "grpc-encoding");
  return fieldOf(fields, ":method") === "POST" && (encoding === undefined || encoding === "identity");
}

/** Told of each call from its whole message on until its answer has been sent or is wanted no more. */
export interface CallCounter {
  enter(): void;
  leave(): void;
}

export interface ServedCall {
  readonly connection: Connection;
  readonly stream: Stream;
  readonly fields: Fields;
  readonly handler: UnaryHandler;
  readonly limits: MessageLimits;
  readonly counter: CallCounter | undefined;
  /** Where its message is kept. */
  readonly rooms?: Rooms | undefined;
  readonly peer: string;
  readonly certificate?: string | undefined;
}

/** Serves one stream of a server's connection; its words for what is wrong with a call are grpc-js's. */
export class UnaryCall implements StreamListener, UnaryRequest {
  readonly fields: Fields;
  readonly peer: string;
  readonly certificate: string | undefined;
  message: Bytes = NO_MESSAGE;
  readonly signal: CallController = new CallController();
  deadline: Deadline = NO_DEADLINE;
  readonly #call: ServedCall;
  readonly #reader: MessageReader;
  #added: Map<string, string> | undefined;
  #timer: Disposable | undefined;
  #counted = false;
  #ended = false;

  constructor(call: ServedCall) {
    this.#call = call;
    this.fields = call.fields;
    this.peer = call.peer;
    this.certificate = call.certificate;
    this.#reader = new MessageReader(call.limits.maxReceiveBytes, call.rooms ?? NEW_ROOMS);
    const timeout = fieldOf(call.fields, "grpc-timeout");
    if (timeout !== undefined) this.#limit(timeout);
  }

  onHeaders(): void {}

  onData(bytes: Buffer): void {
    if (this.#ended) return;
    const wrong = this.#reader.add(bytes);
    switch (wrong) {
      case undefined:
        return;
      case "too long": {
        const sizes = `${this.#reader.size} vs ${this.#call.limits.maxReceiveBytes}`;
        return this.#fail(STATUS_CODES.RESOURCE_EXHAUSTED, `Received message larger than max (${sizes})`);
      }
      case "more than one":
        return this.#fail(STATUS_CODES.UNIMPLEMENTED, `Received a second request message for ${this.#method()}`);
      case "compressed":
        return this.#fail(STATUS_CODES.INTERNAL, "a message is compressed, but not said how");
    }
  }

  onEnd(): void {
    if (this.#ended) return;
    const message = this.#reader.take();
    if (message === undefined) {
      return this.#fail(STATUS_CODES.UNIMPLEMENTED, `Received no request message for ${this.#method()}`);
    }
    this.message = message;
    this.#counted = true;
    this.#call.counter?.enter();
    const answer = this.#call.handler(this);
    if (answer instanceof Promise) void answer.then((later) => this.#answer(later));
    else this.#answer(answer);
  }

  onReset(): void {
    this.#end();
    this.signal.abort();
  }

  onClosed(): void {
    this.#timer?.[Symbol.dispose]();
    if (this.#counted) this.#call.counter?.leave();
    else this.#reader.release();
  }

  addHeader(name: string, value: string): void {
    this.#added ??= new Map();
    this.#added.set(name, value);
  }

  release(): void {
    this.message = NO_MESSAGE;
    this.#reader.release();
  }

  #limit(timeout: string): void {
    const limitMs = timeoutMs(timeout);
    if (limitMs === undefined) {
      // Not before whoever has made this call knows of it.
      process.nextTick(() => this.#fail(STATUS_CODES.INTERNAL, `Invalid grpc-timeout value "${timeout}"`));
      return;
    }
    this.deadline = deadlineIn(limitMs);
    this.#timer = onDeadline(this.deadline, () => {
      // An answer that the client has not taken by then is not kept for it.
      if (this.#ended) return this.#call.connection.reset(this.#call.stream, ErrorCode.CANCEL);
      this.#fail(STATUS_CODES.DEADLINE_EXCEEDED, "Deadline exceeded");
      this.signal.abort();
    });
  }

  #answer(answer: UnaryAnswer): void {
    if (this.#ended) return;
    if (!("message" in answer)) return this.#fail(answer.code, answer.details, answer.trailers);
    const { message } = answer;
    const { maxSendBytes } = this.#call.limits;
    const bytes = byteLengthOf(message);
    if (maxSendBytes !== -1 && bytes > maxSendBytes) {
      const sizes = `${bytes} vs. ${maxSendBytes}`;
      return this.#fail(STATUS_CODES.RESOURCE_EXHAUSTED, `Sent message larger than max (${sizes})`);
    }
    this.#ended = true;
    const { connection, stream } = this.#call;
    const headers = this.#added === undefined ? HEADERS : encodeFields([...FIELDS, ...this.#addedFields()]);
    connection.sendHeaders(stream, headers, false);
    connection.sendData(stream, [messagePrefix(bytes), ...piecesOf(message)], false, OK_TRAILERS);
  }

  #fail(code: number, details: string, trailers: Fields = []): void {
    if (this.#ended) return;
    this.#end();
    const { connection, stream } = this.#call;
    answerStatus(connection, stream, code, details, [...trailers, ...this.#addedFields()]);
  }

  #addedFields(): Fields {
    return this.#added === undefined ? [] : [...this.#added].flat();
  }

  #method(): string {
    return `server streaming method ${fieldOf(this.fields, ":path")}`;
  }

  #end(): void {
    this.#ended = true;
    this.#timer?.[Symbol.dispose]();
  }
}

/** Ends a stream that has not been answered with a gRPC status and nothing else. */
export function answerStatus(
  connection: Connection,
  stream: Stream,
  code: number,
  details: string,
  trailers: Fields = [],
): void {
  const status = ["grpc-status", String(code), "grpc-message", percentEncoded(details)];
  connection.sendHeaders(stream, encodeFields([":status", "200", ...status, ...CONTENT_TYPE, ...trailers]), true);
}

/** Ends a stream that is no gRPC. */
export function answerUnsupported(connection: Connection, stream: Stream): void {
  connection.sendHeaders(stream, encodeFields([":status", "415"]), true);
}

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000001 };

function timeoutMs(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  return digits === undefined || unit === undefined ? undefined : Number(digits) * (UNIT_MS[unit] as number);
}
