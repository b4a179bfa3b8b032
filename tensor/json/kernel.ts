import { readFileSync } from "node:fs";
import { powersOfFive } from "./powers-of-five.ts";

/** What `wasm/index.ts` exports; addresses are of its memory, which never grows. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly TEXT: WebAssembly.Global;
  readonly VALUES: WebAssembly.Global;
  readonly RESULT: WebAssembly.Global;
  readonly POWERS: WebAssembly.Global;
  readonly MIN_POWER: WebAssembly.Global;
  readonly MAX_POWER: WebAssembly.Global;
  readonly WINDOW_BYTES: WebAssembly.Global;
  readonly beginList: () => void;
  readonly readList: (from: number, to: number, isLast: boolean, kind: number) => number;
  readonly narrow: (count: number) => void;
}

/** The number kernels with views of their memory: text goes in at one place, numbers come out at another. */
export interface Kernel extends Pick<Exports, "beginList" | "readList" | "narrow"> {
  readonly text: Uint8Array;
  /** The numbers of the last call, as doubles and as their bytes. */
  readonly doubles: Float64Array;
  readonly bytes: Uint8Array;
  /** See the RESULT_ offsets of `wasm/memory.ts`, in words. */
  readonly result: Int32Array;
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
  const module = new WebAssembly.Module(readFileSync(file));
  const imports = { "read-number": { readSlowly: (from = 0, to = 0) => Number(latin1(from, to)) } };
  const instance = new WebAssembly.Instance(module, imports);
  const exports = instance.exports as Exports;
  const { buffer } = exports.memory;
  const window = exports.WINDOW_BYTES.value;
  const text = new Uint8Array(buffer, exports.TEXT.value, window);
  const latin1 = (from: number, to: number): string =>
    Buffer.from(buffer, text.byteOffset + from, to - from).toString("latin1");
  const powers = powersOfFive(exports.MIN_POWER.value, exports.MAX_POWER.value);
  new BigUint64Array(buffer, exports.POWERS.value, powers.length).set(powers);
  return {
    text,
    doubles: new Float64Array(buffer, exports.VALUES.value, window / 2),
    bytes: new Uint8Array(buffer, exports.VALUES.value, window * 4),
    result: new Int32Array(buffer, exports.RESULT.value, 20),
    beginList: exports.beginList,
    readList: exports.readList,
    narrow: exports.narrow,
    window: undefined,
  };
}
