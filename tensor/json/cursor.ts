import { plainEnd } from "./plain-text.ts";

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

/*
 * Moving about in JSON whose syntax has been checked: positions in, positions out. Within the top-level object a byte
 * always follows a value.
 */

/** Past white space. */
export function skipSpace(bytes: Uint8Array, from: number): number {
  let pos = from;
  // All that is not white space is above 0x20.
  while ((bytes[pos] as number) <= 0x20) pos++;
  return pos;
}

/** Past a string whose opening quote is at `from`. */
export function skipString(bytes: Uint8Array, from: number): number {
  let pos = from + 1;
  for (;;) {
    pos = plainEnd(bytes, pos);
    // No checked string ends but with its quote.
    if (bytes[pos] !== BACKSLASH) return pos + 1;
    pos += 2;
  }
}

/** Past any value, however deep. */
export function skipValue(bytes: Uint8Array, from: number): number {
  const first = bytes[from];
  if (first === QUOTE) return skipString(bytes, from);
  if (first !== OPEN_BRACKET && first !== OPEN_BRACE) return skipScalar(bytes, from);
  let depth = 0;
  let pos = from;
  do {
    const byte = bytes[pos];
    if (byte === QUOTE) {
      pos = skipString(bytes, pos);
      continue;
    }
    if (byte === OPEN_BRACKET || byte === OPEN_BRACE) depth++;
    else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) depth--;
    pos++;
  } while (depth > 0);
  return pos;
}

/** Past a number or a word. */
export function skipScalar(bytes: Uint8Array, from: number): number {
  let pos = from;
  for (;;) {
    const byte = bytes[pos] as number;
    // So written, it also stops behind a value that ends the body.
    if (!(byte > 0x20) || byte === COMMA || byte === CLOSE_BRACKET || byte === CLOSE_BRACE) return pos;
    pos++;
  }
}

/**
 * Calls back for each member of the object at `from`: where the quote of its name and where its value is; the callback
 * gives where the value ends. Gives the position past the object.
 */
export function eachMember(
  bytes: Uint8Array,
  from: number,
  onMember: (nameAt: number, valueAt: number) => number,
): number {
  let pos = skipSpace(bytes, from + 1);
  if (bytes[pos] === CLOSE_BRACE) return pos + 1;
  for (;;) {
    const nameAt = pos;
    pos = skipSpace(bytes, skipString(bytes, pos));
    pos = skipSpace(bytes, onMember(nameAt, skipSpace(bytes, pos + 1)));
    if (bytes[pos] === CLOSE_BRACE) return pos + 1;
    pos = skipSpace(bytes, pos + 1);
  }
}

/** Calls back for each element of the array at `from` as {@link eachMember} does. */
export function eachElement(
  bytes: Uint8Array,
  from: number,
  onElement: (valueAt: number, index: number) => number,
): number {
  let pos = skipSpace(bytes, from + 1);
  if (bytes[pos] === CLOSE_BRACKET) return pos + 1;
  for (let index = 0; ; index++) {
    pos = skipSpace(bytes, onElement(pos, index));
    if (bytes[pos] === CLOSE_BRACKET) return pos + 1;
    pos = skipSpace(bytes, pos + 1);
  }
}
