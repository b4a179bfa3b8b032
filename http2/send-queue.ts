import { byteLengthOf } from "../core/index.ts";
import { ErrorCode, Http2Error } from "./error.ts";
import { BYTES_PER_CHORE, FRAME_EARNS } from "./flood-guard.ts";
import { DEFAULT_WINDOW, Flag, Frame, HEAD_BYTES, MAX_WINDOW, MIN_FRAME_BYTES, putHead } from "./frame.ts";
import type { Outbox } from "./outbox.ts";
import type { Body, Stream } from "./stream.ts";

/** DATA waits while this much is on its way to a socket that takes no more. */
const MAX_BACKLOG_BYTES = 2 ** 20;

/** What one stream may send before the next one has its turn: most messages leave whole, so that the other end holds few parts. */
const TURN_BYTES = 2 ** 20;

/** What is shorter than this is written as one piece with what stands before it: a copy is cheaper than a long list. */
const COPY_BYTES = 4096;

/** A table of 0 bytes, at the beginning of a header block. */
const NO_TABLE = Buffer.from([0x20]);
const DEFAULT_TABLE_BYTES = 4096;

/** What goes out on the streams of a connection, in each one's order, as fast as the other end lets it. */
export class SendQueue {
  /** The longest payload that the other end takes. */
  maxFrameBytes: number = MIN_FRAME_BYTES;
  /** What waits for a window or for the socket. */
  queuedBytes = 0;
  /** What the other end may answer what it was sent with, see `FloodGuard`. */
  earned = 0;
  readonly #outbox: Outbox;
  readonly #onLocalEnd: (stream: Stream) => void;
  #window = DEFAULT_WINDOW;
  readonly #waiting = new Set<Stream>();
  /** A smaller table has to be agreed to, although none is used. */
  #tellTable = false;

  constructor(outbox: Outbox, onLocalEnd: (stream: Stream) => void) {
    this.#outbox = outbox;
    this.#onLocalEnd = onLocalEnd;
  }

  headers(stream: Stream, block: Buffer, last: boolean): void {
    // Trailers, which come behind all that still waits.
    if (last && stream.queue.length > 0) return this.data(stream, [], false, block);
    this.#block(stream, block, last ? Flag.END_STREAM : 0);
    if (last) this.#onLocalEnd(stream);
  }

  data(stream: Stream, parts: readonly Uint8Array[], last: boolean, trailers: Buffer | undefined): void {
    const left = byteLengthOf(parts);
    this.queuedBytes += left;
    stream.queue.push({
      parts,
      last: last && trailers === undefined,
      trailers,
      left,
      empty: left === 0,
      part: 0,
      offset: 0,
    });
    if (stream.queue.length === 1) this.#pump(stream);
  }

  /** The other end takes more on this stream, or less: a window may be below 0 for a while. */
  widen(stream: Stream, more: number): void {
    stream.sendWindow += more;
    if (stream.sendWindow > MAX_WINDOW) throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "too wide a window");
    if (stream.queue.length > 0) this.#pump(stream);
  }

  widenAll(more: number): void {
    this.#window += more;
    if (this.#window > MAX_WINDOW) throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "too wide a window");
    this.resume();
  }

  /** The other end's header table; the first block behind it has to say that it is understood. */
  tableSize(bytes: number): void {
    if (bytes < DEFAULT_TABLE_BYTES) this.#tellTable = true;
  }

  /** The socket takes more. */
  resume(): void {
    // A copy, as who still has to wait is added again: behind those that had no turn.
    for (const stream of Array.from(this.#waiting)) {
      if (this.#window <= 0 || this.#outbox.backlogBytes > MAX_BACKLOG_BYTES) return;
      this.#pump(stream);
    }
  }

  forget(stream: Stream): void {
    for (const { left } of stream.queue) this.queuedBytes -= left;
    if (stream.queue.length > 0) stream.queue.length = 0;
    this.#waiting.delete(stream);
  }

  #pump(stream: Stream): void {
    this.#waiting.delete(stream);
    let turn = TURN_BYTES;
    for (;;) {
      const body = stream.queue[0];
      if (body === undefined) return;
      while (body.left > 0) {
        const bytes = Math.min(body.left, this.#window, stream.sendWindow, this.maxFrameBytes);
        if (bytes <= 0 || this.#outbox.backlogBytes > MAX_BACKLOG_BYTES) {
          this.#waiting.add(stream);
          return;
        }
        if (turn <= 0 && this.#waiting.size > 0) {
          this.#waiting.add(stream);
          turn = TURN_BYTES;
          // The others first.
          process.nextTick(() => this.resume());
          return;
        }
        turn -= bytes;
        this.#frame(stream, body, bytes);
      }
      if (body.last && body.empty) this.#frame(stream, body, 0);
      stream.queue.shift();
      if (body.trailers !== undefined) this.#block(stream, body.trailers, Flag.END_STREAM);
      if (body.last || body.trailers !== undefined) {
        this.#onLocalEnd(stream);
        return;
      }
    }
  }

  /** One DATA frame of so many of the body's bytes. */
  #frame(stream: Stream, body: Body, bytes: number): void {
    body.left -= bytes;
    this.queuedBytes -= bytes;
    this.earned += FRAME_EARNS + bytes / BYTES_PER_CHORE;
    stream.sendWindow -= bytes;
    this.#window -= bytes;
    const flags = body.last && body.left === 0 ? Flag.END_STREAM : 0;
    const head = Buffer.allocUnsafe(HEAD_BYTES + (bytes < COPY_BYTES ? bytes : 0));
    let at = putHead(head, 0, bytes, Frame.DATA, flags, stream.id);
    let short: Uint8Array[] = [head];
    for (let left = bytes; left > 0; ) {
      const part = body.parts[body.part] as Uint8Array;
      const count = Math.min(left, part.length - body.offset);
      const view = count === part.length ? part : part.subarray(body.offset, body.offset + count);
      if (bytes < COPY_BYTES) {
        head.set(view, at);
        at += count;
      } else if (count < COPY_BYTES) short.push(view);
      else {
        this.#push(short);
        this.#outbox.push(view);
        short = [];
      }
      left -= count;
      body.offset += count;
      if (body.offset === part.length) {
        body.part++;
        body.offset = 0;
      }
    }
    this.#push(short);
  }

  /** As one. */
  #push(chunks: readonly Uint8Array[]): void {
    const [only] = chunks;
    if (only !== undefined) this.#outbox.push(chunks.length === 1 ? only : Buffer.concat(chunks));
  }

  #block(stream: Stream, block: Buffer, flags: number): void {
    const whole = this.#tellTable ? Buffer.concat([NO_TABLE, block]) : block;
    this.#tellTable = false;
    this.earned += FRAME_EARNS;
    for (let from = 0, type: number = Frame.HEADERS; ; type = Frame.CONTINUATION) {
      const to = Math.min(whole.length, from + this.maxFrameBytes);
      const end = to === whole.length ? Flag.END_HEADERS : 0;
      const bytes = Buffer.allocUnsafe(HEAD_BYTES + to - from);
      putHead(bytes, 0, to - from, type, end | (type === Frame.HEADERS ? flags : 0), stream.id);
      whole.copy(bytes, HEAD_BYTES, from, to);
      this.#outbox.push(bytes);
      if (end !== 0) return;
      from = to;
    }
  }
}
