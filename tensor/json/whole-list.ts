import type { DTypeName } from "../dtype.ts";
import type { NumberList } from "./number-list.ts";
import { RANGES } from "./number-sink.ts";
import { bytesOf } from "./sink.ts";

/** Below this each whole number is a float of its own, and none that lies beyond is rounded to one. */
const EXACT_BELOW = 2 ** 24;

/**
 * The list as one of another type, where what was read of it tells: whole numbers that floats hold exactly, as integers or
 * doubles. Undefined where the text has to be looked at again.
 */
export function wholeListAs(list: NumberList, dtype: DTypeName): NumberList | undefined {
  const range = RANGES[dtype];
  if (!list.isWhole || list.dtype !== "float" || range === undefined) return undefined;
  const { buffer, byteOffset, byteLength } = list.data;
  const floats = new Float32Array(buffer, byteOffset, byteLength / 4);
  const least = Math.max(range.from, 1 - EXACT_BELOW);
  const most = Math.min(range.to, EXACT_BELOW - 1);
  for (let i = 0; i < floats.length; i++) {
    const value = floats[i] as number;
    if (value < least || value > most) return undefined;
  }
  return { ...list, dtype, data: bytesOf(range.toData(new Float64Array(floats))) };
}
