import type { DType } from "../dtype.ts";
import { StringBudget } from "../limits.ts";
import type { RequestBody } from "./body.ts";
import { type NumberList, NumberListReader } from "./number-list.ts";

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
  readonly lists: ReadonlyMap<number, NumberList>;
}

export function sourceOf({ bytes, lists }: RequestBody, { urlSafeBase64 = false }: JsonReading): Source {
  return { bytes, budget: new StringBudget(), urlSafeBase64, lists };
}

/** The numbers of the list at `at`, if it could be read as a whole; again where another type had been expected. */
export function numberListAt({ bytes, lists }: Source, at: number, dtype: DType | undefined): NumberList | undefined {
  const list = lists.get(at);
  if (list === undefined || dtype === undefined) return undefined;
  if (list.dtype === dtype.name) return list;
  return NumberListReader.of(bytes)?.read(at, dtype.name);
}
