import { X509Certificate } from "node:crypto";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { ConfigError, type Path, type Problem } from "./config-error.ts";
import type { JoinedFiles } from "./join-files.ts";
import type { ReferenceValues } from "./references.ts";
import type { HttpConfig } from "./schema/http.ts";
import type { UpstreamTls } from "./schema/http-tls.ts";

/**
 * The entries of `http:` with the text of their PEM files in place of their paths. These files are followed as those of
 * references are. Throws {@link ConfigError} for those that cannot be read or used.
 */
export function httpAtFiles(
  http: readonly HttpConfig[],
  files: JoinedFiles,
  references: ReferenceValues,
): readonly HttpConfig[] {
  const problems: Problem[] = [];
  const entries = http.map((entry, i): HttpConfig => {
    const at = ["http", i, "tls"];
    return entry.tls === undefined ? entry : { ...entry, tls: withPem(entry.tls, at, files, references, problems) };
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return entries;
}

function withPem(
  { ca, client, serverName }: UpstreamTls,
  at: Path,
  files: JoinedFiles,
  references: ReferenceValues,
  problems: Problem[],
): UpstreamTls {
  const read = (field: "ca" | "cert" | "key", written: string, check: (pem: string) => unknown): string => {
    const path = [...at, field];
    const found = references.file(resolve(files.folderOf(path), written));
    const problem = "problem" in found ? found.problem : problemOf(() => check(found.text));
    if (problem !== undefined) problems.push(files.problem(path, `${written}: ${problem}`));
    return "text" in found ? found.text : "";
  };
  const authorities = ca && read("ca", ca, parseCertificates);
  if (client === undefined) return { ca: authorities, client, serverName };
  const cert = read("cert", client.cert, parseCertificates);
  const key = read("key", client.key, (pem) => createSecureContext({ cert, key: pem }));
  return { ca: authorities, client: { cert, key }, serverName };
}

const CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/** OpenSSL itself passes over authorities that it cannot read. */
function parseCertificates(pem: string): readonly X509Certificate[] {
  const found = pem.match(CERTIFICATE) ?? [];
  if (found.length === 0) throw new Error("holds no certificate in PEM form");
  return found.map((each) => new X509Certificate(each));
}

function problemOf(use: () => unknown): string | undefined {
  try {
    use();
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
