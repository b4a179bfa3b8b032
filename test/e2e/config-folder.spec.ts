import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { untilNotLost } from "../setup/load.ts";
import { MODELS, startProgram, type Tensorgate } from "../setup/tensorgate.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorgate-folder-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** As Kubernetes mounts a ConfigMap: links to a folder behind a link, which is swapped. */
function mount(version: string, files: Readonly<Record<string, string>>): void {
  const real = `..${version}`;
  mkdirSync(join(folder, real));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, real, name), text);
    rmSync(join(folder, name), { force: true });
    symlinkSync(join("..data", name), join(folder, name));
  }
  symlinkSync(real, join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
}

function files(label: string): Readonly<Record<string, string>> {
  return {
    "10-server.yaml": `server:
  host: 127.0.0.1
  rest: { port: \${CONFIG_FOLDER_PORT:-0} }
  grpc: { port: 0 }
workers: { count: 1 }
`,
    "20-models.yaml": `models:
  - name: half_plus_two
    path: ${join(MODELS, "half_plus_two")}
    versions: { latest: 2 }
    labels: { stable: 123, canary: 124 }
`,
    "30-routes.yaml": `routes: [{ match: { model: half_plus_two, client: ops }, to: [{ label: ${label} }] }]`,
    "40-clients.yaml": `clients: [{ name: ops, token: "\${file:secrets/token}" }]`,
  };
}

const body = { signature_name: "regress_x_to_y2", examples: [{ x: [2.5] }] };

/** Version 123 answers 4.25, version 124 one more: the two differ in this signature alone. */
async function answer(gateway: Tensorgate, token: string): Promise<unknown> {
  const response = await fetch(`${gateway.rest}/v1/models/half_plus_two:regress`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${token}` },
  });
  const text = await response.text();
  return response.ok ? (JSON.parse(text) as { results: number[] }).results[0] : response.status;
}

test("a folder's swapped links and a changed secret act while it runs, losing nothing and telling no secret", async () => {
  mkdirSync(join(folder, "secrets"));
  writeFileSync(join(folder, "secrets", "token"), "first-token-of-ops\n");
  mount("v1", files("stable"));
  await using gateway = await startProgram(["serve", `--config=${folder}`]);
  await gateway.ready();
  expect(await answer(gateway, "first-token-of-ops")).toBe(4.25);

  const load = untilNotLost(gateway, 2);
  mount("v2", files("canary"));
  await gateway.logged((line) => line.msg === "config applied");
  expect(await answer(gateway, "first-token-of-ops")).toBe(5.25);

  writeFileSync(join(folder, "secrets", "token"), "second-token-of-ops\n");
  await expect.poll(() => answer(gateway, "second-token-of-ops")).toBe(5.25);
  expect(await answer(gateway, "first-token-of-ops")).toBe(401);

  // A second file that says the same: refused, with both places.
  writeFileSync(
    join(folder, "25-more.yaml"),
    `workers: { count: 1 }\nserver: { rest: { timeout: "\${file:secrets/token}" } }`,
  );
  const refused = await gateway.logged((line) => line.msg?.startsWith("config refused") === true);
  expect(refused.msg).toContain(`25-more.yaml:1:12 workers.count: is set in ${folder}/10-server.yaml:5:19 already`);
  expect(refused.msg).toContain("expected a duration like 10s, 500ms or 1m, or none, got ${file:secrets/token}");
  expect(await answer(gateway, "second-token-of-ops")).toBe(5.25);
  expect(await load.stop()).toEqual([]);
  expect(JSON.stringify(gateway.log)).not.toContain("token-of-ops");
});
