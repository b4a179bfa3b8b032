import type { Fields } from "./header-decoder.ts";

/** Who is told of what the other end does with a stream. */
export interface StreamListener {
  /** Headers, or the trailers behind them. */
  onHeaders(fields: Fields): void;
  /** A view that is gone once this returns. */
  onData(bytes: Buffer): void;
  /** The other end sends no more. */
  onEnd(): void;
  /** The stream is over before its end: reset with this code, or the connection is gone. */
  onReset(code: number | undefined): void;
  /** Once, when it is over either way and nothing more is to be sent. Nothing comes after. */
  onClosed?(): void;
}

/** DATA on its way out, and what comes behind it. */
export interface Body {
  readonly parts: readonly Uint8Array[];
  readonly last: boolean;
  /** A header block that ends the stream. */
  readonly trailers: Buffer | undefined;
  /** There is nothing but the end to send. */
  readonly empty: boolean;
  left: number;
  /** Where the next byte is. */
  part: number;
  offset: number;
}

/** One stream of a connection, as the connection keeps it. */
export interface Stream {
  readonly id: number;
  listener: StreamListener;
  sendWindow: number;
  /** Bytes of DATA since the other end was last told that it may send more. */
  unacknowledged: number;
  remoteEnded: boolean;
  localEnded: boolean;
  /** Is in the connection's table; nothing can be sent otherwise. */
  open: boolean;
  readonly queue: Body[];
}

/** Of a stream whose listener is not known yet. */
export const NOBODY: StreamListener = { onHeaders() {}, onData() {}, onEnd() {}, onReset() {} };
