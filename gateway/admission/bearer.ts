/** The token of an Authorization header (RFC 6750, 2.1; the scheme's letter case is free); undefined where it has none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const [, token] = /^bearer(?: +|$)(.*)$/i.exec(authorization) ?? [];
  return token;
}
