import { createHash } from "node:crypto";
import type { ClientConfig, Config } from "../../config/index.ts";
import { InferenceError } from "../../core/index.ts";
import { bearerToken } from "./bearer.ts";

/**
 * Who sends a request, by the name that the configuration gives; undefined: nobody that is known. `header` gives a header or
 * metadata entry by its lower-case name, `certificate` is the common name of a client certificate that has been verified.
 * Throws UNAUTHENTICATED for a token that is nobody's, and where only clients are let in and it is none.
 */
export type Authenticate = (header: (name: string) => string | undefined, certificate?: string) => string | undefined;

/**
 * Tokens are looked up by their digests: how long that takes tells nothing about a token that is nearly right. A token goes
 * before a certificate; another scheme than Bearer is no token.
 */
export function authenticator({ clients, server }: Pick<Config, "clients" | "server">): Authenticate {
  const { requireClient } = server;
  if (clients.length === 0 && !requireClient) return nobody;
  const byToken = namesBy(clients, ({ token }) => (token === undefined ? undefined : digest(token)));
  const byCertificate = namesBy(clients, ({ certificate }) => certificate);
  return (header, certificate) => {
    const token = bearerToken(header("authorization"));
    if (token !== undefined) {
      const name = byToken.get(digest(token));
      if (name === undefined) throw refusal("the token is that of no client");
      return name;
    }
    const name = certificate === undefined ? undefined : byCertificate.get(certificate);
    if (name === undefined && requireClient) {
      throw refusal("only known clients are answered: an Authorization header with a Bearer token is expected");
    }
    return name;
  };
}

/** A request that somebody wonders about, see `config explain`: of the client that it names, else of the one whose token it has. */
export function clientAsked(
  config: Pick<Config, "clients" | "server">,
  { client, header }: { readonly client?: string | undefined; readonly header: (name: string) => string | undefined },
): string | undefined {
  if (client !== undefined || bearerToken(header("authorization")) === undefined) return client;
  try {
    return authenticator(config)(header);
  } catch (thrown) {
    const { message } = InferenceError.from(thrown, "gateway");
    throw new InferenceError("INVALID_ARGUMENT", `such a request is refused: ${message}`, { origin: "client" });
  }
}

function nobody(): undefined {
  return undefined;
}

function namesBy(
  clients: readonly ClientConfig[],
  keyOf: (client: ClientConfig) => string | undefined,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const client of clients) {
    const key = keyOf(client);
    if (key !== undefined) names.set(key, client.name);
  }
  return names;
}

function digest(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}

function refusal(message: string): InferenceError {
  return new InferenceError("UNAUTHENTICATED", message, { origin: "client" });
}
