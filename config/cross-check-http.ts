import { type Finding, listOf, type NameOf } from "./cross-check.ts";
import { withoutLastSlash } from "./schema/http.ts";
import { isMapping } from "./schema/scalar.ts";

/** Prefixes of `http` that stand twice, and names: that of an entry without one is its prefix. */
export function httpProblems(http: unknown, nameOf: NameOf): Finding[] {
  const [prefixes, names] = [new Map<string, number>(), new Map<string, number>()];
  return listOf(http).flatMap((entry, i) => {
    if (!isMapping(entry) || typeof entry["prefix"] !== "string") return [];
    const prefix = withoutLastSlash(entry["prefix"]) || "/";
    const name = typeof entry["name"] === "string" ? entry["name"] : prefix;
    const taken = (key: string, value: string, earlier: number): Finding[] => {
      const path = ["http", i, key];
      return [{ path, message: `"${value}" is the ${key} of ${nameOf(["http", earlier], path)} already` }];
    };
    const [samePrefix, sameName] = [prefixes.get(prefix), names.get(name)];
    if (samePrefix === undefined) prefixes.set(prefix, i);
    if (sameName === undefined) names.set(name, i);
    if (samePrefix !== undefined) return taken("prefix", prefix, samePrefix);
    return sameName === undefined ? [] : taken("name", name, sameName);
  });
}
