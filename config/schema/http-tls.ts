import { isIP } from "node:net";
import type { z } from "zod";
import { describe, scalar, section, Unfit } from "./scalar.ts";
import { text } from "./units.ts";

/** How `https://` upstreams are spoken to; PEM text (paths while a file is being read). */
export interface UpstreamTls {
  /** Authorities whose certificates are trusted, in place of the system's; undefined: those. */
  readonly ca: string | undefined;
  /** What upstreams are shown that ask for a certificate; undefined: nothing. */
  readonly client: ClientCertificate | undefined;
  /** Asked for by SNI, and looked for in the certificate; undefined: the upstream's own host. */
  readonly serverName: string | undefined;
}

export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

function serverName(): z.ZodType<string> {
  return scalar("a host name like torch.internal", { type: "string" }, (value) => {
    if (typeof value !== "string" || !/^[\w-]+(\.[\w-]+)*\.?$/.test(value)) return undefined;
    // RFC 6066, 3.
    return isIP(value) === 0 ? value : new Unfit(`expected a host name, got the address ${describe(value)}`);
  });
}

export const upstreamTls: z.ZodType<UpstreamTls> = section({
  ca: text().optional().describe("PEM file with the authorities that are trusted; default: the system's."),
  cert: text().optional().describe("PEM file with the certificate that upstreams are shown, and those behind it."),
  key: text().optional().describe("PEM file with its private key."),
  serverName: serverName().optional().describe("The name that is asked for and checked; default: the upstream's host."),
}).transform(({ ca, cert, key, serverName }, context): UpstreamTls => {
  if (cert !== undefined && key !== undefined) return { ca, client: { cert, key }, serverName };
  if (cert !== undefined || key !== undefined) {
    const path = [cert === undefined ? "key" : "cert"];
    context.addIssue({ code: "custom", message: "expected cert and key, both or none", path });
  }
  return { ca, client: undefined, serverName };
});
