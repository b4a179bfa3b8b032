import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";

/** These are of one connection and mean nothing on the next (RFC 9110, 7.6.1); so do those that `Connection` names. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

function withoutConnection(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const { connection } = headers;
  const named = connection === undefined || connection === "keep-alive" ? [] : connection.toLowerCase().split(/[\s,]+/);
  const kept: OutgoingHttpHeaders = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !OF_THE_CONNECTION.has(name) && !named.includes(name)) kept[name] = value;
  }
  return kept;
}

/** What is told to the upstream of the client's connection. */
export interface Forwarded {
  /** The client's address. */
  readonly address: string;
  /** That the client has asked. */
  readonly host: string | undefined;
  /** It has shown a token of the gateway's, which is nobody else's business. */
  readonly isKnown: boolean;
  /** As the client has it. */
  readonly contentType: string | undefined;
}

/**
 * A request's headers as its upstream gets them. Where its body ends is told whatever `Connection` takes away: else the body
 * would be read as the next request there. The client's address is added to `X-Forwarded-For`, as Envoy does it;
 * `X-Forwarded-Proto` and `-Host` stay as a proxy before us has said, who knows better. `Forwarded` passes as it is.
 */
export function upstreamHeaders(
  headers: IncomingHttpHeaders,
  { address, host, isKnown, contentType }: Forwarded,
): OutgoingHttpHeaders {
  const sent = withoutConnection(headers);
  // The gateway itself has told the client to go on.
  delete sent["expect"];
  if (isKnown) delete sent["authorization"];
  const { "content-length": length, "transfer-encoding": coding, "x-forwarded-for": before } = headers;
  if (coding !== undefined) sent["transfer-encoding"] = "chunked";
  else if (length !== undefined) sent["content-length"] = length;
  if (contentType === undefined) delete sent["content-type"];
  else sent["content-type"] = contentType;
  sent["x-forwarded-for"] = before === undefined ? address : `${String(before)}, ${address}`;
  sent["x-forwarded-proto"] ??= "http";
  if (host !== undefined) sent["x-forwarded-host"] ??= host;
  return sent;
}

/** An answer's headers as its client gets them; `added` replaces what the upstream has of the same name. */
export function clientHeaders(
  headers: IncomingHttpHeaders,
  location: (written: string) => string,
  added: Readonly<Record<string, string>>,
): OutgoingHttpHeaders {
  const sent = withoutConnection(headers);
  if (headers.location !== undefined) sent["location"] = location(headers.location);
  return Object.assign(sent, added);
}

/** An IPv4 client of a port that takes IPv6 too is known by its IPv4 address. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}
