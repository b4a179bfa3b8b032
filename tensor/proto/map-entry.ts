import type { FieldReader } from "./piece-reader.ts";
import { LEN, WireReader } from "./reader.ts";
import { WireWriter } from "./writer.ts";

/** An entry of a map from strings to messages; a part that is not there is empty. */
export interface MapEntry<Value extends FieldReader> {
  readonly key: string;
  readonly value: Value;
}

const NOTHING = new Uint8Array(0);

/** Several values within one entry are merged; between entries of one key it is the caller's to let the last one win. */
export function readMapEntry(reader: WireReader): MapEntry<WireReader>;
export function readMapEntry(reader: FieldReader): MapEntry<FieldReader>;
export function readMapEntry(reader: FieldReader): MapEntry<FieldReader> {
  let key = "";
  let value: FieldReader | undefined;
  let merged: WireWriter | undefined;
  while (reader.next()) {
    if (reader.is(1, LEN)) key = reader.string();
    else if (!reader.is(2, LEN)) reader.skip();
    else if (value === undefined) value = reader.part();
    else {
      // Messages are merged by writing one behind the other.
      if (merged === undefined) {
        merged = new WireWriter();
        merged.raw(value.rest());
      }
      merged.raw(reader.view());
    }
  }
  if (merged !== undefined) value = new WireReader(merged.finish());
  return { key, value: value ?? new WireReader(NOTHING) };
}
