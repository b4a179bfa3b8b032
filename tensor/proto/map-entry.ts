import { LEN, WireReader } from "./reader.ts";
import { WireWriter } from "./writer.ts";

/** An entry of a map from strings to messages; a part that is not there is empty. */
export interface MapEntry {
  readonly key: string;
  readonly value: WireReader;
}

/** Several values within one entry are merged; between entries of one key it is the caller's to let the last one win. */
export function readMapEntry(reader: WireReader): MapEntry {
  let key = "";
  let value: WireReader | undefined;
  let merged: WireWriter | undefined;
  while (reader.next()) {
    if (reader.is(1, LEN)) key = reader.string();
    else if (!reader.is(2, LEN)) reader.skip();
    else if (value === undefined) value = reader.message();
    else {
      // Messages are merged by writing one behind the other.
      if (merged === undefined) {
        merged = new WireWriter();
        merged.raw(value.bytes.subarray(value.pos, value.end));
      }
      merged.raw(reader.view());
    }
  }
  if (merged !== undefined) value = new WireReader(merged.finish());
  return { key, value: value ?? new WireReader(reader.bytes, reader.end, reader.end) };
}
