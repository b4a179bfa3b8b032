import type { DType } from "../dtype.ts";
import { malformed } from "./malformed.ts";
import { FIXED32, FIXED64, LEN, VARINT, type WireReader } from "./reader.ts";

const EMPTY = new Uint8Array(0);

/**
 * Values that lie on the wire as in memory (float, double, and pairs of them for complex): `wireBytes` each, `itemBytes`
 * an element. One packed run of at least `count` elements, which is how every writer does it, is given as a view.
 */
export function decodeFixed(
  reader: WireReader,
  field: number,
  wireBytes: 4 | 8,
  itemBytes: number,
  count: number,
): Uint8Array {
  const wantBytes = count * itemBytes;
  const single = wireBytes === 4 ? FIXED32 : FIXED64;
  let data: Uint8Array | undefined;
  let filled = 0;
  while (reader.next()) {
    let run: Uint8Array;
    if (reader.is(field, LEN)) {
      run = reader.view();
      if (run.length % wireBytes !== 0) throw malformed("a packed field ends within a value");
      if (filled === 0 && run.length >= wantBytes) {
        data = run.subarray(0, wantBytes);
        filled = wantBytes;
        continue;
      }
    } else if (reader.is(field, single)) {
      reader.skip();
      run = reader.bytes.subarray(reader.pos - wireBytes, reader.pos);
    } else {
      reader.skip();
      continue;
    }
    if (filled >= wantBytes) continue;
    data ??= new Uint8Array(wantBytes);
    const part = run.length > wantBytes - filled ? run.subarray(0, wantBytes - filled) : run;
    data.set(part, filled);
    filled += part.length;
  }
  data ??= new Uint8Array(wantBytes);
  repeatLast(data, Math.floor(filled / itemBytes) * itemBytes, itemBytes);
  return data;
}

/** Copies the element before `filled` over all that follows; nothing when there is none. */
function repeatLast(data: Uint8Array, filled: number, itemBytes: number): void {
  if (filled >= data.length) return;
  if (filled === 0) {
    data.fill(0);
    return;
  }
  data.copyWithin(filled, filled - itemBytes, filled);
  let done = filled + itemBytes;
  const from = filled;
  // Doubles what is there: a few copies of any length.
  while (done < data.length) {
    data.copyWithin(done, from, Math.min(done, from + data.length - done));
    done += done - from;
  }
}

/** Values that are varints on the wire (all integers, bool, the bits of half and bfloat16), and the bytes of float8. */
export function decodePacked(reader: WireReader, field: number, dtype: DType, count: number): Uint8Array {
  const { itemBytes } = dtype;
  const data = new Uint8Array(count * itemBytes);
  const put = dtype.field === "bool_val" ? putBool : PUT[itemBytes];
  if (put === undefined) throw malformed(`${dtype.name} has no values`);
  const target = new DataView(data.buffer);
  const endAt = data.length;
  let at = 0;
  while (reader.next()) {
    if (dtype.field === "float8_val" && reader.is(field, LEN)) {
      // A plain bytes field: the last occurrence is the value.
      const run = reader.view();
      at = Math.min(run.length, endAt);
      data.set(run.subarray(0, at));
    } else if (reader.is(field, LEN)) {
      const run = reader.message();
      while (run.pos < run.end) {
        run.varint();
        if (at < endAt) {
          put(target, at, run.low, run.high);
          at += itemBytes;
        }
      }
    } else if (reader.is(field, VARINT)) {
      reader.varint();
      if (at < endAt) {
        put(target, at, reader.low, reader.high);
        at += itemBytes;
      }
    } else reader.skip();
  }
  repeatLast(data, at, itemBytes);
  return data;
}

type Put = (target: DataView, at: number, low: number, high: number) => void;

const PUT: Readonly<Record<number, Put>> = {
  1: (target, at, low) => target.setUint8(at, low),
  2: (target, at, low) => target.setUint16(at, low, true),
  4: (target, at, low) => target.setUint32(at, low, true),
  8: (target, at, low, high) => {
    target.setUint32(at, low, true);
    target.setUint32(at + 4, high, true);
  },
};

const putBool: Put = (target, at, low, high) => target.setUint8(at, (low | high) === 0 ? 0 : 1);

export function decodeStrings(reader: WireReader, field: number, count: number): Uint8Array[] {
  const values: Uint8Array[] = [];
  while (reader.next()) {
    if (!reader.is(field, LEN)) reader.skip();
    else {
      const value = reader.view();
      if (values.length < count) values.push(value);
    }
  }
  const last = values.at(-1) ?? EMPTY;
  while (values.length < count) values.push(last);
  return values;
}
