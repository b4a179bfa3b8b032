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
import { allWhole, readNumber, setAllWhole } from "./read-number";

/** The list has ended; RESULT tells its shape. */
export const DONE: i32 = 0;
/** The text has ended first: call again with what follows the place where this stopped. */
export const MORE: i32 = 1;
/** Not a list of numbers of one shape, or not JSON: the host's own reader says which. */
export const OTHER: i32 = 2;

const COMMA: u8 = 0x2c;
const OPEN: u8 = 0x5b;
const CLOSE: u8 = 0x5d;
const BLANK: u8 = 0x20;

/** A number that is cut off looks broken; one of more bytes than this is left to the host. */
const UNFINISHED: usize = 64;

/** Elements that each open list has so far; of the innermost it's `inner`. */
const done = memory.data(MAX_RANK * 4, 4);
let inner: i32 = 0;
let depth: i32 = 0;
/** The depth that numbers are at; 0 until the first. */
let rank: i32 = 0;
/** Whether a value has just ended. */
let between: bool = false;

/** Forgets the list before; the next text begins with a list's bracket. */
export function beginList(): void {
  inner = 0;
  depth = 0;
  rank = 0;
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
  let p = TEXT + from;
  let out = VALUES;
  let count = inner;
  let isBetween = between;
  let state = OTHER;
  for (;;) {
    if (!isBetween) {
      p = skipBlank(p);
      if (depth == rank && depth > 0) {
        const after = readNumber(p, out, kind);
        if (after == 0 || after >= end) {
          if (!isLast && p + UNFINISHED >= end) state = MORE;
          break;
        }
        p = after;
        out += 8;
        count++;
        isBetween = true;
      } else if (load<u8>(p) == OPEN) {
        if (depth == MAX_RANK) break;
        store<i32>(done + (depth << 2), 0);
        depth++;
        count = 0;
        p++;
        continue;
      } else {
        if (p == end && !isLast) state = MORE;
        // The first number tells the rank.
        if (p == end || rank > 0) break;
        rank = depth;
        continue;
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
    const size = level == rank - 1 ? count : load<i32>(done + (level << 2));
    const known = RESULT + RESULT_SIZES + (level << 2);
    if (load<i32>(known) == 0) store<i32>(known, size);
    else if (load<i32>(known) != size) break;
    p++;
    if (level == 0) {
      state = DONE;
      break;
    }
    const parent = done + ((level - 1) << 2);
    store<i32>(parent, load<i32>(parent) + 1);
  }
  inner = count;
  between = isBetween;
  store<i32>(RESULT + RESULT_AT, i32(p - TEXT));
  store<i32>(RESULT + RESULT_COUNT, i32(out - VALUES) >> 3);
  store<i32>(RESULT + RESULT_RANK, rank);
  store<i32>(RESULT + RESULT_WHOLE, i32(allWhole));
  return state;
}

// @ts-ignore: decorator
@inline
function skipBlank(p: usize): usize {
  return load<u8>(p) > BLANK ? p : skipBlanks(p);
}

function skipBlanks(from: usize): usize {
  let p = from;
  let byte = load<u8>(p);
  while (byte <= BLANK && (byte == BLANK || byte == 0x0a || byte == 0x0d || byte == 0x09)) byte = load<u8>(++p);
  return p;
}
