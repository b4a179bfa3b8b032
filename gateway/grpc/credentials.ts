import { createSecureContext } from "node:tls";
import { ServerCredentials } from "@grpc/grpc-js";
import type { TlsConfig } from "../../config/index.ts";

/** What the port of these settings speaks. Throws an Error fit for a person when key and certificates cannot be used. */
export function serverCredentials(tls: TlsConfig | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { key, cert, ca, clientVerify } = tls;
  try {
    // grpc-js looks at them only once a client comes.
    createSecureContext({ key, cert, ca });
    const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
    return ServerCredentials.createSsl(ca === undefined ? null : Buffer.from(ca), [pair], clientVerify);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the key and certificate of the gRPC port cannot be used: ${said}`, { cause });
  }
}
