import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCertificates } from "../setup/certificates.ts";
import { exchange, type HttpReply } from "../setup/http.ts";
import { testWith } from "../setup/programs.ts";
import type { Tensorgate } from "../setup/tensorgate.ts";
import { startPassing } from "../setup/upstream.ts";

const testWithOpenssl = testWith("openssl");

let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorgate-upstream-tls-"));
  if (testWithOpenssl === test) makeCertificates(folder, ["torch.internal", "gateway", "gateway-2", "localhost"]);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface SecureUpstream extends AsyncDisposable {
  readonly port: number;
}

/** Answers with the name that it was asked for by, and the one of the certificate that it was shown. */
async function startSecure(name: string, requestCert = false): Promise<SecureUpstream> {
  const pem = {
    key: readFileSync(at(`${name}.key`)),
    cert: readFileSync(at(`${name}.pem`)),
    ca: readFileSync(at("ca.pem")),
  };
  const server = createServer({ ...pem, requestCert, rejectUnauthorized: requestCert }, (request, response) => {
    request.resume();
    const socket = request.socket as TLSSocket & { readonly servername?: string };
    const { subject } = socket.getPeerCertificate();
    response.end(`${socket.servername || "nobody"} for ${String(subject?.CN ?? "nobody")}`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

const ask = (gateway: Tensorgate): Promise<HttpReply> => exchange(gateway.rest, { path: "/tls", body: "x" });

testWithOpenssl(
  "an upstream whose authority nobody trusts is 502, and one that the entry trusts is asked",
  async () => {
    await using upstream = await startSecure("localhost");
    const entry = { prefix: "/tls", upstream: `https://localhost:${upstream.port}` };
    {
      await using gateway = await startPassing([entry]);
      const reply = await ask(gateway);
      expect(reply.status).toBe(502);
      expect(reply.text).toMatch(/cannot be reached \((UNABLE_TO|SELF_SIGNED)/);
    }
    await using gateway = await startPassing([{ ...entry, tls: { ca: at("ca.pem") } }]);
    // The second goes over a connection that is kept.
    for (let i = 0; i < 2; i++) expect(await ask(gateway)).toMatchObject({ status: 200, text: "localhost for nobody" });
  },
);

testWithOpenssl("an upstream is asked for, and checked, by the name that the entry says", async () => {
  await using upstream = await startSecure("torch.internal");
  const entry = { prefix: "/tls", upstream: `https://127.0.0.1:${upstream.port}` };
  await using gateway = await startPassing([
    { ...entry, tls: { ca: at("ca.pem"), serverName: "torch.internal" } },
    { ...entry, prefix: "/other", tls: { ca: at("ca.pem"), serverName: "other.internal" } },
    { ...entry, prefix: "/none", tls: { ca: at("ca.pem") } },
  ]);
  expect(await ask(gateway)).toMatchObject({ status: 200, text: "torch.internal for nobody" });
  for (const path of ["/other", "/none"]) {
    const reply = await exchange(gateway.rest, { path });
    expect(reply.status).toBe(502);
    expect(reply.text).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
  }
});

testWithOpenssl("an upstream is shown the certificate that lies in its file at the moment", async () => {
  await using upstream = await startSecure("localhost", true);
  const entry = { prefix: "/tls", upstream: `https://localhost:${upstream.port}` };
  {
    await using gateway = await startPassing([{ ...entry, tls: { ca: at("ca.pem") } }]);
    expect((await ask(gateway)).status).toBe(502);
  }
  const put = (name: string): void => {
    for (const kind of ["pem", "key"]) copyFileSync(at(`${name}.${kind}`), at(`own.${kind}`));
  };
  put("gateway");
  const tls = { ca: at("ca.pem"), cert: at("own.pem"), key: at("own.key") };
  await using gateway = await startPassing([{ ...entry, tls }]);
  expect((await ask(gateway)).text).toBe("localhost for gateway");
  put("gateway-2");
  await gateway.logged(({ msg }) => msg === "config applied");
  expect((await ask(gateway)).text).toBe("localhost for gateway-2");
  // A key that is another's is refused whole.
  copyFileSync(at("gateway.key"), at("own.key"));
  const refused = await gateway.logged(({ msg }) => msg?.startsWith("config refused") === true);
  expect(JSON.stringify(refused)).toContain("key values mismatch");
  expect((await ask(gateway)).text).toBe("localhost for gateway-2");
});
