import { createHash } from "node:crypto";
import { plain } from "./plain-config.ts";

/** Of objects that never change. */
const DIGESTS = new WeakMap<object, string>();

/**
 * Equal for parts of a configuration that act alike, wherever in their files they stand. Secrets do not count: whoever sees it
 * could try out guesses of a short one. Made once for each object.
 */
export function digestOf(part: object): string {
  const known = DIGESTS.get(part);
  if (known !== undefined) return known;
  const text = JSON.stringify(plain(part), (key, value: unknown) => (key === "place" ? undefined : value));
  const digest = createHash("sha256").update(text).digest("hex");
  DIGESTS.set(part, digest);
  return digest;
}
