import { createHash } from "node:crypto";
import { type Config, digestOf } from "../../config/index.ts";

const DIGITS = 12;

/**
 * Equal for configurations that act alike, wherever in their files things stand, as far as that may be told: see
 * `digestOf`. Of models and routes that were in one before, nothing is made anew.
 */
export function fingerprintOf({ models, routes, ...others }: Config): string {
  const hash = createHash("sha256").update(digestOf(others));
  for (const list of [models, routes]) {
    hash.update(`\n${list.length}`);
    for (const item of list) hash.update(digestOf(item));
  }
  return hash.digest("hex").slice(0, DIGITS);
}
