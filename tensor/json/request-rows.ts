import { base64Value } from "./base64.ts";
import type { RequestBody } from "./body.ts";
import { eachElement, eachMember, OPEN_BRACE, OPEN_BRACKET, skipSpace, skipValue } from "./cursor.ts";

/**
 * How many rows a predict request has, without a signature: its instances, or the first dimension of the first of its inputs.
 * Undefined where that has none, and for a body whose memory is elsewhere.
 */
export function requestRows({ bytes, members, lists }: RequestBody): number | undefined {
  const instances = members.get("instances");
  const at = instances ?? members.get("inputs");
  if (at === undefined) return undefined;
  const known = lists.get(at)?.shape[0];
  if (known !== undefined || bytes.length === 0) return known;
  if (instances !== undefined || bytes[at] !== OPEN_BRACE || base64Value(bytes, at) >= 0) return lengthOf(bytes, at);
  let rows: number | undefined;
  let isFirst = true;
  eachMember(bytes, at, (_nameAt, valueAt) => {
    if (isFirst) rows = lists.get(valueAt)?.shape[0] ?? lengthOf(bytes, valueAt);
    isFirst = false;
    return skipValue(bytes, valueAt);
  });
  return rows;
}

/** Undefined for what is no list. */
function lengthOf(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[skipSpace(bytes, at)] !== OPEN_BRACKET) return undefined;
  let length = 0;
  eachElement(bytes, at, (valueAt) => {
    length++;
    return skipValue(bytes, valueAt);
  });
  return length;
}
