import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseConfigText, plainConfig } from "../../config/index.ts";
import { ReferenceValues } from "../../config/references.ts";
import { makeCertificates } from "../setup/certificates.ts";
import { testWith } from "../setup/programs.ts";
import { problemsOf } from "./problems.ts";

const testWithOpenssl = testWith("openssl");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorgate-http-tls-"));
  writeFileSync(join(folder, "none.pem"), "no certificate");
  if (testWithOpenssl === test) makeCertificates(folder, ["client", "other"]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const text = (tls: object, upstream = "https://a"): string =>
  JSON.stringify({ models: [], http: [{ prefix: "/a", upstream, tls }] });
function problems(tls: object, upstream?: string): readonly string[] {
  const file = join(folder, "c.json");
  const said = problemsOf(() => parseConfigText(text(tls, upstream), file), file);
  return said.map((line) => line.replace(/^\d+:\d+ /, ""));
}

describe("the tls of upstreams", () => {
  for (const [name, tls, want] of [
    ["files that are not there", { ca: "gone.pem" }, "http[0].tls.ca: gone.pem: no such file"],
    [
      "files that hold no certificate",
      { ca: "none.pem" },
      "http[0].tls.ca: none.pem: holds no certificate in PEM form",
    ],
    ["a certificate without its key", { cert: "client.pem" }, "http[0].tls.cert: expected cert and key, both or none"],
    ["a key without its certificate", { key: "client.key" }, "http[0].tls.key: expected cert and key, both or none"],
    [
      "an address for a name",
      { serverName: "10.0.0.1" },
      /http\[0\]\.tls\.serverName: expected a host name, got the address/,
    ],
    ["what is no name", { serverName: "a b" }, /http\[0\]\.tls\.serverName: expected a host name/],
    ["other keys", { verify: false }, /http\[0\]\.tls\.verify: unknown key/],
  ] as const) {
    test(`refuses ${name}`, () => {
      const [problem, ...others] = problems(tls);
      expect(problem).toEqual(typeof want === "string" ? want : expect.stringMatching(want));
      expect(others).toEqual([]);
    });
  }

  test("is not for upstreams without", () => {
    expect(problems({ serverName: "a" }, "http://a")).toEqual(["http[0].tls: is for https:// upstreams"]);
  });

  testWithOpenssl("refuses a key that is another certificate's", () => {
    const [problem, ...others] = problems({ cert: "client.pem", key: "other.key" });
    expect(problem).toMatch(/^http\[0\]\.tls\.key: other\.key: .*key values mismatch/);
    expect(others).toEqual([]);
  });

  testWithOpenssl("is read from its files, which are followed, and its key is shown to nobody", () => {
    const references = new ReferenceValues();
    const tls = { ca: "ca.pem", cert: "client.pem", key: "client.key", serverName: "torch.internal" };
    const config = parseConfigText(text(tls), join(folder, "c.json"), { references });
    expect(config.http[0]?.tls).toMatchObject({
      ca: expect.stringContaining("BEGIN CERTIFICATE"),
      client: { key: expect.stringContaining("BEGIN PRIVATE KEY") },
      serverName: "torch.internal",
    });
    expect(references.files.map(({ file }) => file)).toEqual(
      ["ca.pem", "client.pem", "client.key"].map((name) => join(folder, name)),
    );
    expect(JSON.stringify(plainConfig(config))).not.toContain("PRIVATE KEY");
  });
});
