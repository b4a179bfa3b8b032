import type { HttpConfig } from "../../config/index.ts";

type Prefixes = Pick<HttpConfig, "prefix" | "rewritePrefix">;

/** What an upstream is asked for, in place of `path`, which begins with the prefix. */
export function upstreamPath({ prefix, rewritePrefix }: Prefixes, path: string): string {
  // Two slashes in front would name another server.
  return (rewritePrefix + path.slice(prefix.length)).replace(/^\/*/, "/");
}

/**
 * A `Location` of an upstream as the client may follow it: below the prefix where it stands on the upstream below
 * `rewritePrefix`. Others stay.
 */
export function clientLocation(
  { prefix, rewritePrefix }: Prefixes,
  location: string,
  origins: readonly string[],
): string {
  const origin = origins.find((each) => location === each || location.startsWith(`${each}/`));
  const path = origin === undefined ? location : location.slice(origin.length) || "/";
  if (!path.startsWith("/") || path.startsWith("//")) return location;
  const isBelow = path.startsWith(rewritePrefix) && /^($|[/:?#])/.test(path.slice(rewritePrefix.length));
  return isBelow ? prefix + path.slice(rewritePrefix.length) : location;
}
