import { readFileSync } from "node:fs";

/** Of this program. */
export function packageVersion(): string {
  const file = new URL(import.meta.resolve("#asset/package.json"));
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
