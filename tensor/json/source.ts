import { StringBudget } from "../limits.ts";
import type { RequestBody } from "./body.ts";

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
}

export function sourceOf({ bytes }: RequestBody, { urlSafeBase64 = false }: JsonReading): Source {
  return { bytes, budget: new StringBudget(), urlSafeBase64 };
}
