import type { DTypeName } from "../dtype.ts";
import { CLOSE_BRACKET, OPEN_BRACKET } from "./cursor.ts";
import { type Kernel, numberKernel } from "./kernel.ts";
import { isPackable, NumberPacker } from "./number-packer.ts";

/** Nested lists of numbers, all of one shape and none empty, as the memory of a tensor. */
export interface NumberList {
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  /** Whether all are spelled as integers. */
  readonly isWhole: boolean;
  /** Past the closing bracket. */
  readonly endAt: number;
}

/** Shorter lists are not worth the way into WebAssembly and back. */
const MIN_BYTES = 128;

/** How much more numbers may come than the first window lets foresee. */
const SPARE = 1.02;

/** What `wasm/read-list.ts` answers with. */
const DONE = 0;
const OTHER = 2;

/** Bytes that stand in no list of numbers. */
const NEVER = new Uint8Array(256);
for (const byte of new TextEncoder().encode('"{}:untrls')) NEVER[byte] = 1;

/**
 * Reads lists of numbers out of one body with the WebAssembly kernels. It gives up on whatever is not plain: then, and
 * for every error, the byte-by-byte readers are asked.
 */
export class NumberListReader {
  private readonly bytes: Uint8Array;
  private readonly kernel: Kernel;
  /** What of the body lies in the kernels' memory, when they still hold this very object. */
  private readonly window = { from: 0, to: 0 };
  /** Up to here a try has failed; lists within are not tried again, which could take quadratic time. */
  private failedTo = 0;

  private constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.kernel = numberKernel();
  }

  /** Undefined for a body that is too short to hold a list worth it. */
  static of(bytes: Uint8Array): NumberListReader | undefined {
    return bytes.length < MIN_BYTES ? undefined : new NumberListReader(bytes);
  }

  /** The list whose bracket is at `at`; undefined when the others have to read it. */
  read(at: number, dtype: DTypeName): NumberList | undefined {
    if (this.bytes[at] !== OPEN_BRACKET || at < this.failedTo || !isPackable(dtype)) return undefined;
    if (!this.isLong(at)) return undefined;
    const { bytes, kernel, window } = this;
    if (kernel.window !== window || at < window.from || at > window.to - MIN_BYTES) this.load(at);
    kernel.beginList();
    const packer = new NumberPacker(kernel, dtype);
    let pos = at;
    for (;;) {
      const state = kernel.readList(
        pos - window.from,
        window.to - window.from,
        window.to === bytes.length,
        packer.kind,
      );
      const stoppedAt = window.from + kernel.stoppedAt();
      const rest = state === DONE ? 1 : (SPARE * (bytes.length - pos)) / (stoppedAt - pos);
      // Where nothing has been read, one number is longer than the window.
      if (state === OTHER || stoppedAt === window.from || !packer.take(rest)) {
        this.failedTo = stoppedAt;
        return undefined;
      }
      if (state === DONE) {
        return { dtype, shape: kernel.shape(), data: packer.finish(), isWhole: kernel.isWhole(), endAt: stoppedAt };
      }
      pos = stoppedAt;
      this.load(pos);
    }
  }

  private load(from: number): void {
    const { bytes, kernel, window } = this;
    window.from = from;
    window.to = Math.min(bytes.length, from + kernel.text.length);
    kernel.window = window;
    kernel.text.set(bytes.subarray(from, window.to));
  }

  /** Whether it begins like numbers in lists and does not end at once. */
  private isLong(at: number): boolean {
    const { bytes } = this;
    const limit = at + MIN_BYTES;
    if (limit > bytes.length) return false;
    let depth = 0;
    for (let pos = at; pos < limit; pos++) {
      const byte = bytes[pos] as number;
      if (byte === OPEN_BRACKET) depth++;
      else if (byte === CLOSE_BRACKET && --depth === 0) return false;
      else if (NEVER[byte] === 1) return false;
    }
    return true;
  }
}
