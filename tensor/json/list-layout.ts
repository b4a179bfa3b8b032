import { ByteBuffer } from "./byte-buffer.ts";
import { beforeElement, newLine } from "./layout.ts";

/** All that stands around the numbers of nested lists. */
export interface ListLayout {
  readonly open: Uint8Array;
  /** Between two numbers, by how many lists end there. */
  readonly between: readonly Uint8Array[];
  readonly close: Uint8Array;
}

/** Of lists within lists, `rank` deep, of which the outermost begins at `depth`. */
export function listLayout(rank: number, depth: number, oneLine: boolean): ListLayout {
  const between = Array.from({ length: rank }, (_, ended) =>
    textOf((out) => {
      closeLists(out, ended, depth + rank, oneLine);
      const level = depth + rank - ended;
      beforeElement(out, 1, level, oneLine);
      openLists(out, ended, level, oneLine);
    }),
  );
  return {
    open: textOf((out) => openLists(out, rank, depth, oneLine)),
    between,
    close: textOf((out) => closeLists(out, rank, depth + rank, oneLine)),
  };
}

function openLists(out: ByteBuffer, count: number, depth: number, oneLine: boolean): void {
  for (let level = depth + 1; level <= depth + count; level++) {
    out.byte(0x5b);
    beforeElement(out, 0, level, oneLine);
  }
}

/** `depth` is that of the elements of the innermost. */
function closeLists(out: ByteBuffer, count: number, depth: number, oneLine: boolean): void {
  for (let level = depth - 1; level >= depth - count; level--) {
    if (!oneLine) newLine(out, level);
    out.byte(0x5d);
  }
}

function textOf(write: (out: ByteBuffer) => void): Uint8Array {
  const out = new ByteBuffer(32);
  write(out);
  return out.finish();
}
