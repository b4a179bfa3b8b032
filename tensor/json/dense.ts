import { InferenceError } from "../../core/index.ts";
import type { DType } from "../dtype.ts";
import { elementCount, type Tensor } from "../tensor.ts";
import { CLOSE_BRACKET, COMMA, OPEN_BRACKET, skipSpace, skipValue } from "./cursor.ts";
import { quoteJson } from "./quote.ts";
import type { Sink } from "./sink.ts";
import { createSink } from "./sinks.ts";
import { numberListAt, type Source } from "./source.ts";

/** TensorFlow's limit. */
const MAX_RANK = 254;
const UNKNOWN = -1;

/**
 * Reads nested lists of one shape into a sink. The shape follows the first element at each level, and all other lists
 * must agree with it; the messages are TensorFlow Serving's (`FillTensorProto` in `json_tensor.cc`).
 *
 * One pass: a list's size is known at its end only, while the reference knows it at its beginning. So at an error the
 * lists still open are counted to their ends, as a wrong size of one of them is what the reference would have met first.
 */
export class DenseReader {
  /** Rank and sizes of the value read last; sizes beyond the rank are left over. */
  rank = 0;
  readonly sizes: number[] = [];
  /** Elements of the value read last. */
  count = 0;

  private readonly source: Source;
  private readonly dtype: DType | undefined;
  private readonly bytes: Uint8Array;
  private readonly sink: Sink;
  /** For each list that is open: how many of its elements are done. */
  private readonly done: number[] = [];
  private depth = 0;

  constructor(source: Source, dtype: DType | undefined) {
    this.source = source;
    this.dtype = dtype;
    this.bytes = source.bytes;
    this.sink = createSink(source, dtype);
  }

  /** The value at `from`; gives where it ends. */
  read(from: number): number {
    const list = this.sink.takePacked === undefined ? undefined : numberListAt(this.source, from, this.dtype);
    if (list === undefined) return this.readEach(from);
    this.sink.takePacked?.(list.data);
    this.rank = list.shape.length;
    for (const [level, size] of list.shape.entries()) this.sizes[level] = size;
    this.count = elementCount(list.shape);
    return list.endAt;
  }

  private readEach(from: number): number {
    const { bytes, sink, done } = this;
    this.rank = UNKNOWN;
    this.count = 0;
    this.depth = 0;
    let pos = from;
    for (;;) {
      // Here a value begins.
      if (bytes[pos] === OPEN_BRACKET) {
        this.openList(pos);
        pos = skipSpace(bytes, pos + 1);
        if (bytes[pos] !== CLOSE_BRACKET) continue;
        if (this.rank === UNKNOWN) this.rank = this.depth;
        pos = this.closeList(pos);
      } else pos = this.takeScalar(sink, pos);
      // Here one has ended: on to the next, closing what ends with it.
      for (;;) {
        if (this.depth === 0) return pos;
        const level = this.depth - 1;
        done[level] = (done[level] as number) + 1;
        pos = skipSpace(bytes, pos);
        if (bytes[pos] === COMMA) {
          pos = skipSpace(bytes, pos + 1);
          break;
        }
        pos = this.closeList(pos);
      }
    }
  }

  private takeScalar(sink: Sink, at: number): number {
    if (this.rank === UNKNOWN) this.rank = this.depth;
    if (this.depth !== this.rank) {
      throw this.failure(
        at,
        `JSON Value: ${quoteJson(this.bytes, at)} found at incorrect level: ${this.depth + 1} in the JSON DOM. Expected at level: ${this.rank}`,
      );
    }
    this.count++;
    try {
      return sink.take(at);
    } catch (thrown) {
      const wrongSize = this.wrongSize(at);
      throw wrongSize === undefined ? thrown : new InferenceError("INVALID_ARGUMENT", wrongSize);
    }
  }

  private openList(at: number): void {
    const { depth, rank } = this;
    if (rank !== UNKNOWN && depth >= rank) {
      throw this.failure(at, `Encountered list at unexpected level: ${depth} expected < ${rank}`);
    }
    if (depth === MAX_RANK) {
      throw new InferenceError("INVALID_ARGUMENT", `lists are nested more than ${MAX_RANK} deep, which no tensor is`);
    }
    // Until the first value or empty list, every list is the first of its level.
    if (rank === UNKNOWN) this.sizes[depth] = UNKNOWN;
    this.done[depth] = 0;
    this.depth++;
  }

  /** At the list's closing bracket; gives the position past it. */
  private closeList(at: number): number {
    const level = --this.depth;
    const size = this.done[level] as number;
    if (this.sizes[level] === UNKNOWN) this.sizes[level] = size;
    if (this.sizes[level] !== size) {
      throw new InferenceError("INVALID_ARGUMENT", this.wrongSizeFrom(at + 1) ?? this.sizeMessage(level, size));
    }
    return at + 1;
  }

  private failure(at: number, message: string): InferenceError {
    return new InferenceError("INVALID_ARGUMENT", this.wrongSize(at) ?? message);
  }

  /** What is wrong with the size of the outermost open list that has a wrong one, the value at `at` being within all of them. */
  private wrongSize(at: number): string | undefined {
    return this.wrongSizeFrom(skipValue(this.bytes, at));
  }

  private wrongSizeFrom(valueEnd: number): string | undefined {
    let pos = valueEnd;
    let message: string | undefined;
    for (let level = this.depth - 1; level >= 0; level--) {
      let size = (this.done[level] as number) + 1;
      pos = skipSpace(this.bytes, pos);
      while (this.bytes[pos] === COMMA) {
        pos = skipSpace(this.bytes, skipValue(this.bytes, skipSpace(this.bytes, pos + 1)));
        size++;
      }
      pos++;
      const expected = this.sizes[level] as number;
      if (expected !== UNKNOWN && expected !== size) message = this.sizeMessage(level, size);
    }
    return message;
  }

  private sizeMessage(level: number, size: number): string {
    return `Encountered list at unexpected size: ${size} at level: ${level} expected size: ${this.sizes[level]}`;
  }

  /** The shape of the value read last. */
  shape(): number[] {
    return this.sizes.slice(0, this.rank);
  }

  /** All values read, as one tensor. */
  finish(shape: readonly number[]): Tensor {
    return this.sink.finish(shape);
  }
}
