import { execFileSync } from "node:child_process";

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];

/**
 * An authority, and for each name a certificate that it vouches for: `ca.pem`, `localhost.pem` and `localhost.key`, all in
 * `folder`. Takes openssl.
 */
export function makeCertificates(folder: string, names: readonly string[]): void {
  const request = (name: string, ...more: readonly string[]): void => {
    const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
    execFileSync("openssl", ["req", "-x509", ...KEY, ...files, ...more], { cwd: folder, stdio: "ignore" });
  };
  request("ca", "-subj", "/CN=authority");
  for (const name of names) {
    const from = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", `subjectAltName=DNS:${name}`];
    request(name, "-subj", `/CN=${name}`, ...from);
  }
}
