import { expect, test } from "vitest";
import { parseConfigText } from "../../../config/index.ts";
import { fingerprintOf } from "../../../gateway/control/fingerprint.ts";

const MODELS = "models: [{ name: m, path: /m, labels: { stable: 3 } }]\n";
const ROUTE = "routes: [{ match: { model: m }, to: [{ version: 3 }] }]\n";

function fingerprint(text: string, file = "/etc/config.yaml"): string {
  return fingerprintOf(parseConfigText(text, file));
}

for (const { name, other } of [
  { name: "with comments, in another order and file", other: `# Ours\n${ROUTE}\n\n${MODELS}` },
  { name: "with a default written out", other: `${MODELS}${ROUTE}compatibility: { strictJson: false }` },
  { name: "with another secret", other: `${MODELS}${ROUTE}admin: { token: other }` },
]) {
  test(`is the same ${name}`, () => {
    const token = /token/.test(other) ? "admin: { token: one }" : "";
    expect(fingerprint(other, "/srv/other.yaml")).toBe(fingerprint(`${MODELS}${ROUTE}${token}`));
  });
}

for (const { name, other } of [
  { name: "a label", other: MODELS.replace("stable: 3", "stable: 4") + ROUTE },
  { name: "a route's target", other: MODELS + ROUTE.replace("version: 3", "version: 4") },
  { name: "a setting", other: `${MODELS}${ROUTE}resilience: { timeout: 5s }` },
]) {
  test(`is another one with another ${name}`, () => {
    expect(fingerprint(other)).toMatch(/^[0-9a-f]{12}$/);
    expect(fingerprint(other)).not.toBe(fingerprint(MODELS + ROUTE));
  });
}
