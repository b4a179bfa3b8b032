import { type Bytes, byteLengthOf, joined } from "../../core/index.ts";
import { malformed } from "./malformed.ts";
import { skipField, WireReader } from "./reader.ts";
import { decodeUtf8 } from "./utf8.ts";

/** A tag, and a length or number behind it, each ten bytes at most. */
const HEAD_BYTES = 20;

/** What reads fields, whether or not the message is in one piece. */
export type FieldReader = WireReader | PieceReader;

export function fieldReader(bytes: Bytes): FieldReader {
  if (bytes instanceof Uint8Array) return new WireReader(bytes);
  const [only] = bytes;
  return bytes.length === 1 && only !== undefined ? new WireReader(only) : PieceReader.over(bytes);
}

/** Where a position is: in which piece, and which position that one begins at. */
interface Place {
  readonly index: number;
  readonly base: number;
}

/**
 * As {@link WireReader}, over a message in several pieces, each cut anywhere. Only what has to be in one piece is copied: `parts`
 * gives a value as it lies. Positions are those of the whole message.
 */
export class PieceReader {
  readonly #pieces: readonly Uint8Array[];
  #place: Place;
  pos: number;
  readonly end: number;
  field = 0;
  type = 0;
  start = 0;
  low = 0;
  high = 0;

  private constructor(pieces: readonly Uint8Array[], place: Place, pos: number, end: number) {
    this.#pieces = pieces;
    this.#place = place;
    this.pos = pos;
    this.end = end;
  }

  static over(pieces: readonly Uint8Array[]): PieceReader {
    return new PieceReader(pieces, { index: 0, base: 0 }, 0, byteLengthOf(pieces));
  }

  next(): boolean {
    if (this.pos >= this.end) return false;
    this.start = this.pos;
    const head = this.#head();
    const from = head.pos;
    head.next();
    this.field = head.field;
    this.type = head.type;
    this.pos += head.pos - from;
    return true;
  }

  is(field: number, type: number): boolean {
    return this.field === field && this.type === type;
  }

  varint(): void {
    const head = this.#head();
    const from = head.pos;
    head.varint();
    this.low = head.low;
    this.high = head.high;
    this.pos += head.pos - from;
  }

  int32(): number {
    this.varint();
    return this.low | 0;
  }

  /** A length-delimited value as it lies, without a copy. */
  parts(): Bytes {
    const length = this.length();
    const value = slices(this.#pieces, this.#settle(), this.pos, this.pos + length);
    this.pos += length;
    return value;
  }

  /** The same in one piece: a copy where it lies in several. */
  view(): Uint8Array {
    return joined(this.parts());
  }

  string(): string {
    return decodeUtf8(this.view());
  }

  /** A nested message that is read in one piece. */
  message(): WireReader {
    return new WireReader(this.view());
  }

  /** A nested message that is read as it lies. */
  part(): FieldReader {
    const length = this.length();
    const from = this.pos;
    const place = this.#settle();
    this.pos = from + length;
    const piece = this.#pieces[place.index];
    const at = from - place.base;
    if (piece !== undefined && at + length <= piece.length) return new WireReader(piece, at, at + length);
    return new PieceReader(this.#pieces, place, from, this.pos);
  }

  /** All that is left. */
  rest(): Uint8Array {
    return joined(slices(this.#pieces, this.#settle(), this.pos, this.end));
  }

  /** The same message once more, from here on. */
  fork(): PieceReader {
    return new PieceReader(this.#pieces, this.#settle(), this.pos, this.end);
  }

  length(): number {
    this.varint();
    if (this.high !== 0 || this.low > this.end - this.pos) throw malformed("truncated");
    return this.low;
  }

  skip(): void {
    skipField(this);
  }

  /** Over as much from here on as a tag and a number behind it can take, in one piece. */
  #head(): WireReader {
    const place = this.#settle();
    const piece = this.#pieces[place.index] ?? NOTHING;
    const at = this.pos - place.base;
    const wanted = Math.min(HEAD_BYTES, this.end - this.pos);
    if (at + wanted <= piece.length) return new WireReader(piece, at, at + wanted);
    return new WireReader(joined(slices(this.#pieces, place, this.pos, this.pos + wanted)));
  }

  /** Goes on to the piece that the position is in. */
  #settle(): Place {
    let { index, base } = this.#place;
    for (;;) {
      const length = this.#pieces[index]?.length;
      if (length === undefined || this.pos < base + length) break;
      base += length;
      index++;
    }
    if (index !== this.#place.index) this.#place = { index, base };
    return this.#place;
  }
}

const NOTHING = new Uint8Array(0);

/** The bytes [from, to), from a place at or before `from` on. */
function slices(pieces: readonly Uint8Array[], { index, base }: Place, from: number, to: number): Bytes {
  const found: Uint8Array[] = [];
  let begins = base;
  for (let i = index; i < pieces.length && begins < to; i++) {
    const piece = pieces[i] as Uint8Array;
    const [first, last] = [Math.max(0, from - begins), Math.min(piece.length, to - begins)];
    if (first < last) found.push(first === 0 && last === piece.length ? piece : piece.subarray(first, last));
    begins += piece.length;
  }
  return found.length === 1 ? (found[0] as Uint8Array) : found;
}
