import { type DTypeName, dtypeNamed } from "../dtype.ts";
import type { Kernel } from "./kernel.ts";
import { RANGES, type Range } from "./number-sink.ts";
import { bytesOf } from "./sink.ts";

/** How the kernels keep numbers, as in `wasm/kinds.ts`; all other types are made of doubles. */
const KINDS: Readonly<Partial<Record<DTypeName, number>>> = { int64: 0, uint64: 1, float: 3 };
const DOUBLE = 2;

/** Whether the kernels read numbers of this type. */
export function isPackable(dtype: DTypeName): boolean {
  return RANGES[dtype] !== undefined || KINDS[dtype] !== undefined;
}

/** More than there is by this factor at most: what is foreseen may be much too long, though what is not written takes no memory. */
const MAX_GROWTH = 32;

/** Gathers what the kernels read, brought to its type. */
export class NumberPacker {
  readonly kind: number;
  private readonly kernel: Kernel;
  private readonly range: Range | undefined;
  private readonly itemBytes: number;
  private data = new Uint8Array(0);
  private length = 0;

  constructor(kernel: Kernel, dtype: DTypeName) {
    this.kernel = kernel;
    this.kind = KINDS[dtype] ?? DOUBLE;
    // The others are as the kernels have kept them.
    this.range = this.kind === DOUBLE && dtype !== "double" ? RANGES[dtype] : undefined;
    this.itemBytes = dtypeNamed(dtype).itemBytes;
  }

  /**
   * Takes the numbers of the kernels' last call; false if one of them is not of the type. `rest`: what may still come,
   * this included, as a multiple of this.
   */
  take(rest: number): boolean {
    const { kernel, range } = this;
    const count = kernel.count();
    let data = kernel.bytes.subarray(0, count * this.itemBytes);
    if (range?.whole === true) {
      if (!kernel.isWhole()) return false;
      if (kernel.narrowToIntegers(count, range.from, range.to, this.itemBytes) === 0) return false;
    } else if (range !== undefined) data = bytesOf(range.toData(kernel.doubles.subarray(0, count)));
    this.put(data, rest);
    return true;
  }

  private put(more: Uint8Array, rest: number): void {
    const need = this.length + more.length;
    if (need > this.data.length) {
      const foreseen = this.length + Math.ceil((more.length * rest) / this.itemBytes) * this.itemBytes;
      // Such a buffer is not filled with zeros first.
      const grown = new Uint8Array(Buffer.allocUnsafeSlow(Math.min(foreseen, need * MAX_GROWTH)).buffer);
      grown.set(this.data.subarray(0, this.length));
      this.data = grown;
    }
    this.data.set(more, this.length);
    this.length = need;
  }

  /** All of them; without the memory that was made ready in vain, if that is much. */
  finish(): Uint8Array {
    const used = this.data.subarray(0, this.length);
    return this.data.length > this.length * 1.25 ? used.slice() : used;
  }
}
