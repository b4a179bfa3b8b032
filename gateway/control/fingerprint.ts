import { createHash } from "node:crypto";
import { type Config, plainConfig } from "../../config/index.ts";

const DIGITS = 12;

/**
 * Equal for configurations that act alike, wherever in their files things stand. Secrets do not count: whoever sees the
 * fingerprint could try out guesses of a short one.
 */
export function fingerprintOf(config: Config): string {
  const text = JSON.stringify(plainConfig(config), (key, value: unknown) => (key === "place" ? undefined : value));
  return createHash("sha256").update(text).digest("hex").slice(0, DIGITS);
}
