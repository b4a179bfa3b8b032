import { expect, test } from "vitest";
import { parseConfigText, plainConfig } from "../../config/index.ts";
import { parseConfig } from "../../config/load.ts";
import { ReferenceValues } from "../../config/references.ts";

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

function file(name: string, text: string): { file: string; text: string } {
  return { file: `/etc/c/${name}`, text };
}

test("what a header has to be by a reference is shown to nobody, in files of a folder too", () => {
  const values = new ReferenceValues([], { GATE: "hush-4711" });
  const config = parseConfig(
    {
      path: "/etc/c",
      isFolder: true,
      files: [
        file(
          "a.yaml",
          `models: [{ name: m, path: /m }]\nroutes: [{ match: { model: m, headers: { x-gate: shown } }, to: [{ version: 3 }] }]`,
        ),
        file(
          "b.yaml",
          `routes: [{ match: { model: m, headers: { X-Gate: "\${GATE}", x-other: { regex: "\${GATE}.*" } } }, to: [{ version: 4 }] }]`,
        ),
      ],
    },
    { references: values },
  );
  expect(JSON.stringify(plainConfig(config))).not.toContain("hush");
  expect(plainConfig(config)).toMatchObject({
    routes: [
      { match: { headers: { "x-gate": { by: "exact", value: "shown" } } } },
      {
        match: {
          headers: { "x-gate": { by: "exact", value: "<secret>" }, "x-other": { by: "regex", value: "<secret>" } },
        },
      },
    ],
  });
  expect(config.routes[1]?.match.headers.get("x-gate")).toEqual({ by: "exact", value: "hush-4711", secret: true });
});
