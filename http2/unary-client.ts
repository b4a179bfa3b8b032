import type { OnReadOpts, Socket } from "node:net";
import {
  type Bytes,
  byteLengthOf,
  type CallSignal,
  type Deadline,
  deadlineIn,
  NO_DEADLINE,
  onDeadline,
  piecesOf,
  sharedReads,
  timeLeftMs,
} from "../core/index.ts";
import { Connection } from "./connection.ts";
import { ErrorCode } from "./error.ts";
import { fieldOf } from "./fields.ts";
import type { Fields } from "./header-decoder.ts";
import { encodeFields } from "./header-encoder.ts";
import { keepalive, type PingConfig } from "./keepalive.ts";
import { MessageReader, messagePrefix } from "./message.ts";
import { percentDecoded } from "./status-text.ts";
import type { Stream, StreamListener } from "./stream.ts";

/** How a call has ended. */
export type UnaryOutcome =
  /** The server has sent a status; `message` with code 0, unless the server has forgotten it. */
  | {
      readonly is: "answered";
      readonly code: number;
      readonly details: string;
      readonly trailers: Fields;
      readonly message: Bytes | undefined;
    }
  /** The server never saw it. */
  | { readonly is: "refused"; readonly details: string }
  /** The connection or the stream broke before the status. */
  | { readonly is: "dropped"; readonly details: string }
  | { readonly is: "expired" }
  | { readonly is: "cancelled" };

export interface UnaryLimits {
  readonly deadline: Deadline;
  readonly signal: CallSignal;
}

/** The other end is a process of our own, or one that we trust: it may send as fast as it can. */
const OPTIONS = { side: "client", windowBytes: 2 ** 26, maxFrameBytes: 2 ** 20 } as const;

/** Names that begin with a colon come first. */
const CALL = { ":method": "POST", ":scheme": "http" };
const GRPC = { "content-type": "application/grpc", te: "trailers" };

/** Gives a socket that is being connected and reads so. */
export type Connect = (onread: OnReadOpts) => Socket;

/**
 * Unary gRPC calls over one connection, which is opened for the first call, and again after it was lost or when the server
 * takes no more calls on it: then it ends with those that it has. The creator closes it.
 */
export class UnaryClient {
  readonly #connect: Connect;
  readonly #ping: PingConfig;
  readonly #authority: string;
  readonly #heads = new Map<string, Buffer>();
  #line: Line | undefined;

  /** `authority`: what the server is called, which proxies on the way may look at. */
  constructor(connect: Connect, ping: PingConfig, authority = "localhost") {
    this.#connect = connect;
    this.#ping = ping;
    this.#authority = authority;
  }

  /** Never rejects. `path` as in `/package.Service/Method`. */
  call(path: string, message: Bytes, limits: UnaryLimits): Promise<UnaryOutcome> {
    const before = this.#line;
    const line = before?.connection.opens === true ? before : openLine(this.#connect, this.#ping);
    if (line !== before) {
      this.#line = line;
      before?.connection.drain();
    }
    return new Promise((resolve) => new Call(line, this.#head(path, limits.deadline), message, limits, resolve));
  }

  /** Ends what is under way, too. */
  close(): void {
    this.#line?.connection.destroy();
    this.#line = undefined;
  }

  #head(path: string, deadline: Deadline): Buffer {
    let head = this.#heads.get(path);
    if (head === undefined) {
      head = encodeFields(Object.entries({ ...CALL, ":authority": this.#authority, ":path": path, ...GRPC }).flat());
      this.#heads.set(path, head);
    }
    if (deadline === NO_DEADLINE) return head;
    return Buffer.concat([head, encodeFields(["grpc-timeout", timeoutText(timeLeftMs(deadline))])]);
  }
}

/** At most eight digits; rounded up, as the caller's own timer is the one that counts. */
function timeoutText(ms: number): string {
  const whole = Math.ceil(ms);
  return whole < 1e8 ? `${whole}m` : `${Math.min(99_999_999, Math.ceil(ms / 1000))}S`;
}

interface Line {
  readonly connection: Connection;
  /** Whether there is somebody at the other end: what was given to the connection before may never have left. */
  connected: boolean;
}

function openLine(connect: Connect, ping: PingConfig): Line {
  let beats: Disposable | undefined;
  const socket = connect(sharedReads((bytes) => connection.read(bytes))).resume();
  const connection = new Connection(socket, { ...OPTIONS, fed: true, onClose: () => beats?.[Symbol.dispose]() });
  const line: Line = { connection, connected: false };
  // A host that is away takes the first packet for minutes, without a word.
  const patience = onDeadline(deadlineIn(ping.timeoutMs), () => connection.destroy(new Error("nobody has answered")));
  socket.once("close", () => patience[Symbol.dispose]());
  socket.once("connect", () => {
    patience[Symbol.dispose]();
    line.connected = true;
    beats = keepalive(connection, ping);
  });
  return line;
}

class Call implements StreamListener {
  readonly #line: Line;
  readonly #stream: Stream;
  readonly #signal: CallSignal;
  readonly #resolve: (outcome: UnaryOutcome) => void;
  readonly #reader = new MessageReader(-1);
  readonly #timer: Disposable;
  readonly #cancel = (): void => this.#giveUp({ is: "cancelled" });
  #headers: Fields | undefined;
  #trailers: Fields | undefined;
  #ended = false;

  constructor(line: Line, head: Buffer, message: Bytes, limits: UnaryLimits, resolve: (outcome: UnaryOutcome) => void) {
    this.#line = line;
    this.#resolve = resolve;
    this.#signal = limits.signal;
    this.#stream = line.connection.open(this);
    this.#signal.addEventListener("abort", this.#cancel, { once: true });
    this.#timer = onDeadline(limits.deadline, () => this.#giveUp({ is: "expired" }));
    line.connection.sendHeaders(this.#stream, head, false);
    line.connection.sendData(this.#stream, [messagePrefix(byteLengthOf(message)), ...piecesOf(message)], true);
  }

  onHeaders(fields: Fields): void {
    if (this.#headers === undefined) this.#headers = fields;
    else this.#trailers = fields;
  }

  onData(bytes: Buffer): void {
    this.#reader.add(bytes);
  }

  onEnd(): void {
    const trailers = this.#trailers ?? this.#headers ?? [];
    const status = fieldOf(trailers, "grpc-status");
    if (status === undefined) return this.#end({ is: "dropped", details: "the answer has no status" });
    const details = percentDecoded(fieldOf(trailers, "grpc-message") ?? "");
    this.#end({ is: "answered", code: Number(status), details, trailers, message: this.#reader.take() });
  }

  onReset(code: number | undefined): void {
    const { connected, connection } = this.#line;
    const { cause } = connection;
    if (!connected) return this.#end({ is: "refused", details: cause?.message ?? "the connection was not made" });
    if (code === ErrorCode.REFUSED_STREAM) return this.#end({ is: "refused", details: "the server took no new call" });
    const details = code === undefined ? (cause?.message ?? "the connection has ended") : `reset with code ${code}`;
    this.#end({ is: "dropped", details });
  }

  #giveUp(outcome: UnaryOutcome): void {
    if (this.#ended) return;
    this.#line.connection.reset(this.#stream, ErrorCode.CANCEL);
    this.#end(outcome);
  }

  #end(outcome: UnaryOutcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer[Symbol.dispose]();
    this.#signal.removeEventListener("abort", this.#cancel);
    this.#resolve(outcome);
  }
}
