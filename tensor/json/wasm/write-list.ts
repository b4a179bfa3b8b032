import {
  MAX_RANK,
  RESULT,
  RESULT_AT,
  RESULT_SIZES,
  SEPARATOR_BYTES,
  SEPARATOR_ENDS,
  SEPARATORS,
  TEXT,
  VALUES,
  WINDOW_BYTES,
} from "./memory";
import { writeFloat } from "./write-float";
import { writeInteger } from "./write-integer";

/** How the numbers lie in VALUES; the host knows these too. */
const FLOAT: i32 = 0;
const DOUBLE: i32 = 1;
const INT8: i32 = 2;
const UINT8: i32 = 3;
const INT16: i32 = 4;
const UINT16: i32 = 5;
const INT32: i32 = 6;
const UINT32: i32 = 7;
const INT64: i32 = 8;

/** Of the longest number, and what is written over behind it. */
const NUMBER_BYTES: usize = 48;

/** How many elements each open list has before the one that is next; of the innermost it's `inner`. */
const before = memory.data(MAX_RANK * 4, 4);
let inner: i32 = 0;
let isFirst: bool = true;

/** Begins lists whose sizes are in RESULT_SIZES; brackets before the first number and behind the last are the host's. */
export function beginWriting(): void {
  memory.fill(before, 0, MAX_RANK * 4);
  inner = 0;
  isFirst = true;
}

/**
 * Writes numbers of VALUES as text, from the one with this index on, with what stands before each; gives the index of the
 * first for which there is no room. RESULT_AT is the length of the text.
 */
export function writeList(from: i32, to: i32, rank: i32, kind: i32, strict: bool): i32 {
  const limit = TEXT + WINDOW_BYTES - NUMBER_BYTES - SEPARATOR_BYTES;
  const size = load<i32>(RESULT + RESULT_SIZES + ((rank - 1) << 2));
  // A comma and a blank, most often.
  const comma = load<u64>(SEPARATORS);
  const commaBytes = <usize>load<i32>(SEPARATOR_ENDS);
  const isShort = commaBytes <= 8;
  let p = TEXT;
  let index = from;
  for (; index < to && p <= limit; index++) {
    if (isFirst) isFirst = false;
    else {
      const ended = ++inner == size ? nextList(rank) : 0;
      if (ended == 0 && isShort) {
        store<u64>(p, comma);
        p += commaBytes;
      } else p = separate(ended, p);
    }
    p = writeNumber(index, kind, strict, p);
  }
  store<i32>(RESULT + RESULT_AT, i32(p - TEXT));
  return index;
}

/** Counts the end of the innermost list, and of those that end with it; gives how many. */
function nextList(rank: i32): i32 {
  inner = 0;
  let ended = 1;
  for (let level = rank - 2; level >= 0; level--, ended++) {
    const done = load<i32>(before + (level << 2)) + 1;
    const isEnd = done == load<i32>(RESULT + RESULT_SIZES + (level << 2));
    store<i32>(before + (level << 2), isEnd ? 0 : done);
    if (!isEnd) break;
  }
  return ended;
}

function separate(ended: i32, out: usize): usize {
  const start: usize = ended == 0 ? 0 : load<i32>(SEPARATOR_ENDS + ((ended - 1) << 2));
  const length = <usize>load<i32>(SEPARATOR_ENDS + (ended << 2)) - start;
  for (let i: usize = 0; i < length; i += 8) store<u64>(out + i, load<u64>(SEPARATORS + start + i));
  return out + length;
}

// @ts-ignore: decorator
@inline
function writeNumber(index: i32, kind: i32, strict: bool, out: usize): usize {
  const i = <usize>index;
  switch (kind) {
    case FLOAT:
      return writeFloat(f64(load<f32>(VALUES + (i << 2))), true, strict, out);
    case DOUBLE:
      return writeFloat(load<f64>(VALUES + (i << 3)), false, strict, out);
    case INT8:
      return writeSigned(load<i8>(VALUES + i), out);
    case UINT8:
      return writeInteger(load<u8>(VALUES + i), false, out);
    case INT16:
      return writeSigned(load<i16>(VALUES + (i << 1)), out);
    case UINT16:
      return writeInteger(load<u16>(VALUES + (i << 1)), false, out);
    case INT32:
      return writeSigned(load<i32>(VALUES + (i << 2)), out);
    case UINT32:
      return writeInteger(load<u32>(VALUES + (i << 2)), false, out);
    case INT64:
      return writeSigned(load<i64>(VALUES + (i << 3)), out);
    default:
      return writeInteger(load<u64>(VALUES + (i << 3)), false, out);
  }
}

function writeSigned(value: i64, out: usize): usize {
  return writeInteger(u64(value < 0 ? -value : value), value < 0, out);
}
