import type { Fields } from "./header-decoder.ts";

/** The first value of a name, which is in lower case. */
export function fieldOf(fields: Fields, name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
  return undefined;
}

/** All values of a name, joined as HTTP joins them; undefined without any. */
export function joinedFieldOf(fields: Fields, name: string): string | undefined {
  let joined: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== name) continue;
    joined = joined === undefined ? fields[i + 1] : joined + (name === "cookie" ? "; " : ", ") + fields[i + 1];
  }
  return joined;
}
