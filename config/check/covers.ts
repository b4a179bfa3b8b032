import { type RouteMatch, takesChoice } from "../schema/match.ts";
import { type TextMatch, takerOf } from "../schema/text-match.ts";

/** Whether every request that `later` takes is one that `earlier` takes too; false when that is not sure. */
export function coversMatch(earlier: RouteMatch, later: RouteMatch): boolean {
  if (earlier.percent !== undefined && earlier.percent < 100) return false;
  return (
    takesChoice(earlier.choice, later.choice) &&
    coversText(earlier.model, later.model) &&
    coversText(earlier.signature, later.signature) &&
    coversText(earlier.client, later.client) &&
    [...earlier.headers].every(([name, wanted]) => coversText(wanted, later.headers.get(name)))
  );
}

/** Undefined takes every text, and its absence. */
function coversText(earlier: TextMatch | undefined, later: TextMatch | undefined): boolean {
  if (earlier === undefined) return true;
  if (later === undefined) return false;
  if (later.by === "exact") return takerOf(earlier)(later.value);
  const isThere = later.by !== "present" || later.is;
  if (earlier.by === "present") return earlier.is === isThere;
  if (earlier.by === "prefix" && earlier.value === "") return isThere;
  if (later.by === "prefix") return earlier.by === "prefix" && later.value.startsWith(earlier.value);
  return later.by === "regex" && earlier.by === "regex" && earlier.source === later.source;
}
