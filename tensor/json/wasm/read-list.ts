import { FLOAT } from "./kinds";
import {
  MAX_RANK,
  RESULT,
  RESULT_AT,
  RESULT_COUNT,
  RESULT_RANK,
  RESULT_SIZES,
  RESULT_WHOLE,
  TEXT,
  VALUES,
} from "./memory";
import { allWhole, readAny, setAllWhole } from "./read-any";
import { isBehind, nextOut, readNumbers, rowOut, rowsDone, skipBlank } from "./read-numbers";

/** The list has ended; RESULT tells its shape. */
export const DONE: i32 = 0;
/** The text has ended first: call again with what follows the place where this stopped. */
export const MORE: i32 = 1;
/** Not a list of numbers of one shape, or not JSON: the host's own reader says which. */
export const OTHER: i32 = 2;

const COMMA: u8 = 0x2c;
const OPEN: u8 = 0x5b;
const CLOSE: u8 = 0x5d;

/** A number that is cut off looks broken; one of more bytes than this is left to the host. */
const UNFINISHED: usize = 64;

/** Where one number is not for {@link readNumbers}, the next ones may not be either. */
const OTHERS: i32 = 8;

/** Elements that each open list has so far; of the innermost it's `inner`. */
const done = memory.data(MAX_RANK * 4, 4);
let inner: i32 = 0;
let depth: i32 = 0;
/** The depth that numbers are at; -1 until the first. */
let rank: i32 = -1;
/** Whether a value has just ended. */
let between: bool = false;

/** Forgets the list before; the next text begins with a list's bracket. */
export function beginList(): void {
  inner = 0;
  depth = 0;
  rank = -1;
  between = false;
  memory.fill(RESULT + RESULT_SIZES, 0, MAX_RANK * 4);
  setAllWhole(true);
}

/**
 * Reads on in the list, from `from` in the text to `to`, and leaves the numbers in VALUES. `isLast`: nothing follows the
 * text.
 */
export function readList(from: i32, to: i32, isLast: bool, kind: i32): i32 {
  const end = TEXT + to;
  // No value and no blank, so everything stops here.
  store<u64>(end, 0);
  const itemBytes: usize = kind == FLOAT ? 4 : 8;
  let p = TEXT + from;
  let out = VALUES;
  /** Where the innermost list's numbers would begin, had there been room for those of the calls before. */
  let listOut = out - <usize>inner * itemBytes;
  let isBetween = between;
  let state = OTHER;
  /** Of innermost lists within others; 0 while that is not known. */
  let rowBytes: usize = rank > 1 ? <usize>load<i32>(RESULT + RESULT_SIZES + ((rank - 1) << 2)) * itemBytes : 0;
  /** How many numbers are readAny's before readNumbers is asked again. */
  let others = 0;
  for (;;) {
    if (!isBetween) {
      p = skipBlank(p);
      if (depth != rank) {
        if (load<u8>(p) == OPEN) {
          if (depth == MAX_RANK) break;
          store<i32>(done + (depth << 2), 0);
          depth++;
          listOut = out;
          p++;
          continue;
        }
        if (p == end && !isLast) state = MORE;
        // The first number tells the rank.
        if (p == end || rank > 0 || depth == 0) break;
        rank = depth;
      }
      if (others == 0) {
        p = readNumbers(p, out, listOut, rowBytes, kind);
        if (nextOut == out) others = OTHERS;
        out = nextOut;
        listOut = rowOut;
        isBetween = isBehind;
        if (rowsDone > 0) addRows(rowsDone);
      }
      if (!isBetween) {
        if (others > 0) others--;
        const after = readAny(p, out, kind);
        if (after == 0 || after >= end) {
          if (!isLast && p + UNFINISHED >= end) state = MORE;
          break;
        }
        if (kind == FLOAT) store<f32>(out, f32(load<f64>(out)));
        p = after;
        out += itemBytes;
        isBetween = true;
      }
    }
    p = skipBlank(p);
    const byte = load<u8>(p);
    if (byte == COMMA) {
      p++;
      isBetween = false;
      continue;
    }
    if (byte != CLOSE) {
      if (p == end && !isLast) state = MORE;
      break;
    }
    const level = --depth;
    const size = level == rank - 1 ? i32((out - listOut) / itemBytes) : load<i32>(done + (level << 2));
    const known = RESULT + RESULT_SIZES + (level << 2);
    if (load<i32>(known) == 0) store<i32>(known, size);
    else if (load<i32>(known) != size) break;
    if (level > 0 && level == rank - 1) rowBytes = <usize>size * itemBytes;
    p++;
    if (level == 0) {
      state = DONE;
      break;
    }
    const parent = done + ((level - 1) << 2);
    store<i32>(parent, load<i32>(parent) + 1);
  }
  inner = i32((out - listOut) / itemBytes);
  between = isBetween;
  store<i32>(RESULT + RESULT_AT, i32(p - TEXT));
  store<i32>(RESULT + RESULT_COUNT, i32((out - VALUES) / itemBytes));
  store<i32>(RESULT + RESULT_RANK, rank);
  store<i32>(RESULT + RESULT_WHOLE, i32(allWhole));
  return state;
}

/** Innermost lists that have ended count in the one around them. */
function addRows(count: i32): void {
  const parent = done + ((depth - 2) << 2);
  store<i32>(parent, load<i32>(parent) + count);
}
