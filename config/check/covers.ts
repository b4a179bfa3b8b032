import type { RouteMatch } from "../schema/match.ts";
import { type TextMatch, wholeText } from "../schema/text-match.ts";

/** Whether every request that `later` takes is one that `earlier` takes too; false when that is not sure. */
export function coversMatch(earlier: RouteMatch, later: RouteMatch): boolean {
  if (earlier.percent !== undefined && earlier.percent < 100) return false;
  return (
    coversChoice(earlier.choice, later.choice) &&
    coversText(earlier.model, later.model) &&
    coversText(earlier.signature, later.signature) &&
    coversText(earlier.client, later.client) &&
    [...earlier.headers].every(([name, wanted]) => coversText(wanted, later.headers.get(name)))
  );
}

function coversChoice(earlier: RouteMatch["choice"], later: RouteMatch["choice"]): boolean {
  if (earlier.by === "any") return true;
  if (earlier.by === "version") return later.by === "version" && earlier.version === later.version;
  if (earlier.by === "label") return later.by === "label" && earlier.label === later.label;
  return later.by === "latest";
}

/** Undefined takes every text, and its absence. */
function coversText(earlier: TextMatch | undefined, later: TextMatch | undefined): boolean {
  if (earlier === undefined) return true;
  if (later === undefined) return false;
  if (earlier.by === "present") {
    return earlier.is ? later.by !== "present" || later.is : later.by === "present" && !later.is;
  }
  switch (later.by) {
    case "exact":
      return takes(earlier, later.value);
    case "prefix":
      return earlier.by === "prefix" && later.value.startsWith(earlier.value);
    case "regex":
      return (earlier.by === "regex" && earlier.source === later.source) || takesEverything(earlier);
    case "present":
      return later.is && takesEverything(earlier);
  }
}

type Wanted = Exclude<TextMatch, { by: "present" }>;

function takes(match: Wanted, text: string): boolean {
  switch (match.by) {
    case "exact":
      return match.value === text;
    case "prefix":
      return text.startsWith(match.value);
    case "regex":
      return wholeText(match.source).test(text);
  }
}

function takesEverything(match: Wanted): boolean {
  return match.by === "prefix" && match.value === "";
}
