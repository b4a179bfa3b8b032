import { expect, test } from "vitest";
import { parseConfigText, plainConfig } from "../../config/index.ts";

test("a configuration is told as JSON, without its secrets", () => {
  const config = parseConfigText(
    `models: [{ name: m, path: /m, labels: { key: 9007199254740993, token: 4 } }]
routes: [{ match: { model: { regex: "m.*" }, headers: { x-key: k } }, to: [{ version: 3 }] }]
server: { rest: { timeout: none } }
clients: [{ name: c, token: client-secret }]
admin: { enabled: true, token: admin-secret }`,
    "/etc/config.yaml",
  );
  const text = JSON.stringify(plainConfig(config));
  expect(text).not.toMatch(/-secret/);
  expect(JSON.parse(text)).toMatchObject({
    models: [{ name: "m", path: "/m", labels: { key: "9007199254740993", token: 4 } }],
    routes: [{ match: { model: { by: "regex", source: "m.*" }, headers: { "x-key": { by: "exact", value: "k" } } } }],
    server: { rest: { timeoutMs: "none" } },
    clients: [{ name: "c", token: "<secret>" }],
    admin: { enabled: true, token: "<secret>" },
  });
});
