import { ErrorCode, Http2Error } from "./error.ts";
import { DEFAULT_WINDOW, Frame, numberFrame } from "./frame.ts";
import type { Outbox } from "./outbox.ts";
import type { Stream } from "./stream.ts";

/** Of the whole connection. Its bytes are acknowledged as they come: what is kept is bounded by streams. */
const CONNECTION_WINDOW = 2 ** 26;

/** Lets the other end send: each window is opened again once half of it has come. */
export class ReceiveWindows {
  readonly #outbox: Outbox;
  readonly #streamBytes: number;
  #unacknowledged = 0;

  constructor(outbox: Outbox, streamBytes: number) {
    this.#outbox = outbox;
    this.#streamBytes = streamBytes;
  }

  /** To be sent behind the first SETTINGS. */
  open(): void {
    this.#outbox.push(numberFrame(Frame.WINDOW_UPDATE, 0, CONNECTION_WINDOW - DEFAULT_WINDOW));
  }

  /** DATA has come, also of a stream that is over. Throws Http2Error where it is more than was allowed. */
  take(stream: Stream | undefined, bytes: number, last: boolean): void {
    this.#unacknowledged += bytes;
    if (this.#unacknowledged > CONNECTION_WINDOW) throw tooMuch();
    if (this.#unacknowledged >= CONNECTION_WINDOW / 2) {
      this.#outbox.push(numberFrame(Frame.WINDOW_UPDATE, 0, this.#unacknowledged));
      this.#unacknowledged = 0;
    }
    if (stream === undefined) return;
    stream.unacknowledged += bytes;
    if (stream.unacknowledged > this.#streamBytes) throw tooMuch();
    if (stream.unacknowledged >= this.#streamBytes / 2 && !last) {
      this.#outbox.push(numberFrame(Frame.WINDOW_UPDATE, stream.id, stream.unacknowledged));
      stream.unacknowledged = 0;
    }
  }
}

function tooMuch(): Http2Error {
  return new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "more DATA than the window is wide");
}
