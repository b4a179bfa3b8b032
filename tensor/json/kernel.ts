import { readFileSync } from "node:fs";
import { ByteBuffer } from "./byte-buffer.ts";
import { writeFloat } from "./float-text.ts";
import { powersOfFive } from "./powers-of-five.ts";

/** What `wasm/index.ts` exports; addresses are of its memory, which never grows. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly TEXT: WebAssembly.Global;
  readonly VALUES: WebAssembly.Global;
  readonly RESULT: WebAssembly.Global;
  readonly SEPARATORS: WebAssembly.Global;
  readonly SEPARATOR_ENDS: WebAssembly.Global;
  readonly SEPARATOR_BYTES: WebAssembly.Global;
  readonly POWERS: WebAssembly.Global;
  readonly MIN_POWER: WebAssembly.Global;
  readonly MAX_POWER: WebAssembly.Global;
  readonly WINDOW_BYTES: WebAssembly.Global;
  readonly MAX_RANK: WebAssembly.Global;
  readonly beginList: () => void;
  readonly readList: (from: number, to: number, isLast: boolean, kind: number) => number;
  readonly narrowToIntegers: (count: number, from: number, to: number, itemBytes: number) => number;
  readonly plainLength: (length: number) => number;
  readonly beginWriting: () => void;
  readonly writeList: (from: number, to: number, rank: number, kind: number, strict: boolean) => number;
}

type Functions = Pick<
  Exports,
  "beginList" | "readList" | "narrowToIntegers" | "plainLength" | "beginWriting" | "writeList"
>;

/** The number kernels with views of their memory, through which text and numbers go in and out. */
export interface Kernel extends Functions {
  readonly text: Uint8Array;
  /** Numbers, as doubles and as their bytes. */
  readonly doubles: Float64Array;
  readonly bytes: Uint8Array;
  /** What a call tells beside its result, or is told: see `wasm/memory.ts`. */
  readonly stoppedAt: () => number;
  readonly count: () => number;
  readonly isWhole: () => boolean;
  readonly shape: () => number[];
  readonly setSizes: (sizes: readonly number[]) => void;
  readonly separators: Uint8Array;
  readonly separatorEnds: Int32Array;
  readonly maxRank: number;
  /** Whose text `text` is, and which. */
  window: object | undefined;
}

let kernel: Kernel | undefined;

/** This thread's kernels. The first call compiles them, which takes some milliseconds. */
export function numberKernel(): Kernel {
  kernel ??= createKernel();
  return kernel;
}

function createKernel(): Kernel {
  const file = new URL(import.meta.resolve("#asset/dist/tensor/json/numbers.wasm"));
  const slow = new ByteBuffer();
  const imports: WebAssembly.Imports = {
    "read-any": {
      readSlowly: (from = 0, to = 0) =>
        Number(Buffer.from(buffer, text.byteOffset + from, to - from).toString("latin1")),
    },
    "write-float": {
      writeSlowly(value = 0, isFloat = 0, at = 0) {
        slow.length = 0;
        writeFloat(slow, value, isFloat === 1 ? 32 : 64, false);
        text.set(slow.finish(), at);
        return slow.length;
      },
    },
  };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), imports);
  const exports = instance.exports as Exports;
  const { buffer } = exports.memory;
  const window = exports.WINDOW_BYTES.value;
  const maxRank = exports.MAX_RANK.value;
  const text = new Uint8Array(buffer, exports.TEXT.value, window);
  const [at, count, rank, whole, sizes] = [0, 1, 2, 3, 4];
  const result = new Int32Array(buffer, exports.RESULT.value, sizes + maxRank);
  const powers = powersOfFive(exports.MIN_POWER.value, exports.MAX_POWER.value);
  new BigUint64Array(buffer, exports.POWERS.value, powers.length).set(powers);
  const { beginList, readList, narrowToIntegers, plainLength, beginWriting, writeList } = exports;
  return {
    beginList,
    readList,
    narrowToIntegers,
    plainLength,
    beginWriting,
    writeList,
    text,
    doubles: new Float64Array(buffer, exports.VALUES.value, window / 2),
    bytes: new Uint8Array(buffer, exports.VALUES.value, window * 4),
    stoppedAt: () => result[at] as number,
    count: () => result[count] as number,
    isWhole: () => result[whole] === 1,
    shape: () => [...result.subarray(sizes, sizes + (result[rank] as number))],
    setSizes: (wanted) => result.set(wanted, sizes),
    separators: new Uint8Array(buffer, exports.SEPARATORS.value, exports.SEPARATOR_BYTES.value),
    separatorEnds: new Int32Array(buffer, exports.SEPARATOR_ENDS.value, maxRank),
    maxRank,
    window: undefined,
  };
}
