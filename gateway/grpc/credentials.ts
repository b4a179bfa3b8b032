import { createSecureContext, type TlsOptions } from "node:tls";
import type { TlsConfig } from "../../config/index.ts";

/** What the port of these settings speaks; undefined for plain text. Throws an Error fit for a person when key and certificates cannot be used. */
export function tlsOptions(tls: TlsConfig | undefined): TlsOptions | undefined {
  if (tls === undefined) return undefined;
  const { key, cert, ca, clientVerify } = tls;
  try {
    // Node looks at them only once a client comes.
    createSecureContext({ key, cert, ca });
    return { key, cert, ca, requestCert: clientVerify };
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the key and certificate of the gRPC port cannot be used: ${said}`, { cause });
  }
}
