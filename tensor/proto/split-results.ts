import { answerOf } from "./malformed.ts";
import { LEN, WireReader } from "./reader.ts";
import { fieldSize, WireWriter } from "./writer.ts";

/** Of `ClassificationResponse` and `RegressionResponse` alike, and of the results within. */
const FIELDS = { result: 1, spec: 2, entry: 1 } as const;

/**
 * An answer to Classify or Regress as several, the first with the first `counts[0]` results and so on, each with the whole
 * answer's ModelSpec; undefined when it has another number of results than all of them together. Nothing is read but where a result ends. Throws
 * INTERNAL with origin worker when the bytes are no such answer.
 */
export function splitResults(message: Uint8Array, counts: readonly number[]): Uint8Array[] | undefined {
  return answerOf(() => {
    const entries: Uint8Array[] = [];
    const specs: Uint8Array[] = [];
    const reader = new WireReader(message);
    while (reader.next()) {
      const { start } = reader;
      if (reader.is(FIELDS.result, LEN)) readEntries(reader.view(), entries);
      else {
        const isSpec = reader.is(FIELDS.spec, LEN);
        reader.skip();
        if (isSpec) specs.push(message.subarray(start, reader.pos));
      }
    }
    let wanted = 0;
    for (const count of counts) wanted += count;
    if (wanted !== entries.length) return undefined;
    let from = 0;
    return counts.map((count) => {
      const own = entries.slice(from, from + count);
      from += count;
      return withSpec(own, specs);
    });
  });
}

/** Each with its tag and length. */
function readEntries(result: Uint8Array, into: Uint8Array[]): void {
  const reader = new WireReader(result);
  while (reader.next()) {
    const { start } = reader;
    const isEntry = reader.is(FIELDS.entry, LEN);
    reader.skip();
    if (isEntry) into.push(result.subarray(start, reader.pos));
  }
}

function withSpec(entries: readonly Uint8Array[], specs: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const entry of entries) size += entry.length;
  const writer = new WireWriter(fieldSize(size) + 64);
  writer.tag(FIELDS.result, LEN);
  writer.varint(size);
  for (const entry of entries) writer.raw(entry);
  for (const spec of specs) writer.raw(spec);
  return writer.finish();
}
