import { ErrorCode, Http2Error } from "./error.ts";
import { PREFACE } from "./frame.ts";

/** Takes the client's preface off what comes first. */
export class Preface {
  #left: number = PREFACE.length;

  /** What is behind it. Throws Http2Error where it isn't one. */
  strip(chunk: Buffer): Buffer {
    if (this.#left === 0) return chunk;
    const from = PREFACE.length - this.#left;
    const count = Math.min(this.#left, chunk.length);
    if (PREFACE.compare(chunk, 0, count, from, from + count) !== 0) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "the client speaks no HTTP/2");
    }
    this.#left -= count;
    return chunk.subarray(count);
  }
}
