import { ErrorCode, Http2Error } from "./error.ts";
import { Flag, Frame } from "./frame.ts";
import { type Fields, HeaderDecoder } from "./header-decoder.ts";

/** A header block may take so many bytes before it is unpacked, and come in so many frames. */
const MAX_BLOCK_BYTES = 65_536;
const MAX_FRAMES = 32;

/** Joins HEADERS and the CONTINUATION frames behind them, between which nothing else may come, and unpacks them. */
export class HeaderBlocks {
  readonly #decoder = new HeaderDecoder();
  readonly #onBlock: (stream: number, fields: Fields | undefined, ended: boolean) => void;
  /** 0: none is open. */
  #stream = 0;
  #ended = false;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** `fields` is undefined where they are more than anybody would send, or are none that may be sent. */
  constructor(onBlock: (stream: number, fields: Fields | undefined, ended: boolean) => void) {
    this.#onBlock = onBlock;
  }

  /** Whether the frame was one of these. Throws Http2Error for any frame in the wrong place. */
  take(type: number, flags: number, stream: number, payload: Buffer): boolean {
    if (type === Frame.HEADERS) {
      this.checkClosed();
      const block = blockOf(flags, payload);
      const ended = (flags & Flag.END_STREAM) !== 0;
      if ((flags & Flag.END_HEADERS) !== 0) this.#onBlock(stream, this.#decoder.decode(block), ended);
      else {
        this.#stream = stream;
        this.#ended = ended;
        this.#add(block);
      }
      return true;
    }
    if (type !== Frame.CONTINUATION) {
      this.checkClosed();
      return false;
    }
    if (this.#stream === 0 || stream !== this.#stream) throw misplaced();
    this.#add(payload);
    if ((flags & Flag.END_HEADERS) !== 0) {
      const block = Buffer.concat(this.#parts);
      this.#stream = 0;
      this.#parts = [];
      this.#bytes = 0;
      this.#onBlock(stream, this.#decoder.decode(block), this.#ended);
    }
    return true;
  }

  /** Throws while a block is open. */
  checkClosed(): void {
    if (this.#stream !== 0) throw misplaced();
  }

  #add(part: Buffer): void {
    this.#parts.push(Buffer.from(part));
    this.#bytes += part.length;
    if (this.#bytes > MAX_BLOCK_BYTES || this.#parts.length > MAX_FRAMES) {
      throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "too many header fields");
    }
  }
}

/** Without padding and priority. */
function blockOf(flags: number, payload: Buffer): Buffer {
  const padded = (flags & Flag.PADDED) !== 0;
  const from = (padded ? 1 : 0) + ((flags & Flag.PRIORITY) !== 0 ? 5 : 0);
  const to = payload.length - (padded ? (payload[0] ?? 0) : 0);
  if (to < from) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "more padding than frame");
  return payload.subarray(from, to);
}

function misplaced(): Http2Error {
  return new Http2Error(ErrorCode.PROTOCOL_ERROR, "a frame within a header block");
}
