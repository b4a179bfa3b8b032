import type { DTypeName } from "../dtype.ts";
import { elementCount, type PackedTensor } from "../tensor.ts";
import type { ByteBuffer } from "./byte-buffer.ts";
import { type Kernel, numberKernel } from "./kernel.ts";

/** As in `wasm/write-list.ts`. The other types are written one by one. */
const KINDS: Readonly<Partial<Record<DTypeName, number>>> = {
  float: 0,
  double: 1,
  int8: 2,
  uint8: 3,
  int16: 4,
  uint16: 5,
  int32: 6,
  uint32: 7,
  int64: 8,
  uint64: 9,
};

/** Fewer are not worth the way into WebAssembly and back. */
const MIN_COUNT = 16;
/** Handed over at once; their text takes a window or two. */
const MAX_COUNT = 8192;
/** How much longer the text may become than its beginning lets foresee. */
const SPARE = 1.02;

/** Whether {@link writeNumbers} writes lists of these sizes, as parts of that tensor. */
export function isWorthKernel(tensor: PackedTensor, sizes: readonly number[]): boolean {
  return KINDS[tensor.dtype.name] !== undefined && sizes.length > 0 && elementCount(sizes) >= MIN_COUNT;
}

/**
 * Writes as many numbers of a tensor as the sizes say, from that element on, with `between` between them (see
 * `list-layout.ts`); false, and nothing, for more dimensions or longer texts between than the kernels take.
 */
export function writeNumbers(
  out: ByteBuffer,
  { data, dtype }: PackedTensor,
  from: number,
  sizes: readonly number[],
  between: readonly Uint8Array[],
  strict: boolean,
): boolean {
  const kernel = numberKernel();
  if (sizes.length > kernel.maxRank || !setSeparators(kernel, between)) return false;
  const { itemBytes } = dtype;
  const kind = KINDS[dtype.name] as number;
  const end = from + elementCount(sizes);
  kernel.setSizes(sizes);
  kernel.beginWriting();
  kernel.window = undefined;
  for (let next = from; next < end; ) {
    const count = Math.min(MAX_COUNT, end - next);
    kernel.bytes.set(data.subarray(next * itemBytes, (next + count) * itemBytes));
    for (let done = 0; done < count; ) {
      const before = done;
      done = kernel.writeList(done, count, sizes.length, kind, strict);
      const length = kernel.stoppedAt();
      // Room for all that follows, so that nothing is copied again.
      out.reserve(Math.ceil((SPARE * length * (end - next - before)) / (done - before)));
      out.raw(kernel.text.subarray(0, length));
    }
    next += count;
  }
  return true;
}

function setSeparators({ separators, separatorEnds }: Kernel, between: readonly Uint8Array[]): boolean {
  let end = 0;
  for (const [ended, text] of between.entries()) {
    if (end + text.length > separators.length) return false;
    separators.set(text, end);
    end += text.length;
    separatorEnds[ended] = end;
  }
  return true;
}
