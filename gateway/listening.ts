/** `0.0.0.0` and `::` both mean all addresses: of IPv6 and IPv4 together, or of IPv4 alone where there is no IPv6. */
export function addressesToTry(host: string): readonly string[] {
  return host === "0.0.0.0" || host === "::" ? ["::", "0.0.0.0"] : [host];
}

const REASONS: readonly (readonly [code: string, words: string])[] = [
  ["EADDRINUSE", "is already in use"],
  ["EACCES", "may not be opened by this user"],
  ["EADDRNOTAVAIL", "is no address of this machine"],
  ["EAFNOSUPPORT", "is of a kind of address that this machine does not have"],
  ["ENOTFOUND", "names no host"],
];

/** An error that a person can act on, for whoever starts the gateway. `what` is `REST` or `gRPC`, `where` as it was configured. */
export function listenError(what: string, where: string, cause: unknown): Error {
  const said = cause instanceof Error ? cause.message : String(cause);
  const reason = REASONS.find(([code]) => said.includes(code));
  const words = reason === undefined ? `cannot be opened (${said})` : reason[1];
  return new Error(`cannot listen for ${what}: ${where} ${words}`, { cause });
}

/** Whether another address is worth a try: this one is of a family that the machine lacks. */
export function isMissingFamily(thrown: unknown): boolean {
  return thrown instanceof Error && /EAFNOSUPPORT|EADDRNOTAVAIL/.test(thrown.message);
}

/** `127.0.0.1:8500`, `[::1]:8500`. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
