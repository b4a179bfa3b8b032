import type { DType } from "../dtype.ts";
import { StringBudget } from "../limits.ts";
import type { RequestBody } from "./body.ts";
import { type NumberList, NumberListReader } from "./number-list.ts";
import { wholeListAs } from "./whole-list.ts";

/** What a reader takes beyond the JSON of TensorFlow Serving; all off by default. */
export interface JsonReading {
  /** Whether `-` and `_` stand for `+` and `/` in base64 too (RFC 4648, 5). */
  readonly urlSafeBase64?: boolean;
}

/** A checked body that is being read, and how much it may still make of itself. */
export interface Source {
  readonly bytes: Uint8Array;
  readonly budget: StringBudget;
  readonly urlSafeBase64: boolean;
  /** What the kernels have read already. */
  readonly lists: ReadonlyMap<number, NumberList>;
  /** Asked for the others; undefined where they are not worth it. */
  readonly reader: NumberListReader | undefined;
}

export function sourceOf({ bytes, lists }: RequestBody, { urlSafeBase64 = false }: JsonReading): Source {
  return { bytes, budget: new StringBudget(), urlSafeBase64, lists, reader: NumberListReader.of(bytes) };
}

/** The list at `at` as the kernels read it; undefined when it has to be read value by value. */
export function numberListAt({ lists, reader }: Source, at: number, dtype: DType | undefined): NumberList | undefined {
  if (reader === undefined || dtype === undefined) return undefined;
  const list = lists.get(at);
  if (list === undefined || list.dtype === dtype.name) return list ?? reader.read(at, dtype.name);
  return wholeListAs(list, dtype.name) ?? reader.read(at, dtype.name);
}
