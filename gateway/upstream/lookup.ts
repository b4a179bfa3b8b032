import { lookup, Resolver } from "node:dns/promises";
import { isIP } from "node:net";

/** What a name has at the moment. */
export interface Found {
  readonly addresses: readonly string[];
  /** For how long, by whoever answers for it; Infinity where that is not told. */
  readonly ttlMs: number;
}

/** All addresses of a name; rejects when there are none. */
export type Lookup = (name: string) => Promise<Found>;

/** How one name is looked up, by DNS servers (`10.0.0.2`, `127.0.0.1:8600`) or, with none, as the system does. */
export type Lookups = (servers: readonly string[]) => Lookup;

export const lookups: Lookups = (servers) => (servers.length === 0 ? systemLookup : serverLookup(servers));

/**
 * As every program on this machine looks names up: what `/etc/hosts` and the search domains of `resolv.conf` name is found
 * too, as a short name of a Kubernetes service is.
 */
async function systemLookup(name: string): Promise<Found> {
  const found = await lookup(name, { all: true, verbatim: true });
  return { addresses: found.map(({ address }) => address), ttlMs: Number.POSITIVE_INFINITY };
}

/** A server that is away must not hold up the next look for long. */
const PATIENCE = { timeout: 2_000, tries: 2 } as const;

/** What servers say of a name that has no addresses of one kind: some answer for no AAAA records at all. */
const NONE: ReadonlySet<unknown> = new Set(["ENODATA", "ENOTFOUND", "EREFUSED", "ENOTIMP"]);

interface Row {
  readonly address: string;
  readonly ttl: number;
}

/**
 * For one name: its A and AAAA records. While those of one kind cannot be told, its last ones stand beside what is told of
 * the other; rejects when nothing is told at all.
 */
function serverLookup(servers: readonly string[]): Lookup {
  const resolver = new Resolver(PATIENCE);
  resolver.setServers(servers);
  const ask = [
    (name: string): Promise<Row[]> => resolver.resolve4(name, { ttl: true }),
    (name: string): Promise<Row[]> => resolver.resolve6(name, { ttl: true }),
  ];
  const last: (readonly Row[])[] = ask.map(() => []);
  return async (name) => {
    if (isIP(name) !== 0) return { addresses: [name], ttlMs: Number.POSITIVE_INFINITY };
    const told = await Promise.allSettled(ask.map((one) => one(name)));
    const errors = told.flatMap((each): { readonly code?: unknown }[] =>
      each.status === "rejected" ? [each.reason] : [],
    );
    if (errors.length === told.length) throw errors.find(({ code }) => !NONE.has(code)) ?? errors[0];
    for (const [kind, each] of told.entries()) {
      if (each.status === "fulfilled") last[kind] = each.value;
      else if (NONE.has(each.reason.code)) last[kind] = [];
    }
    const rows = last.flat();
    return {
      addresses: rows.map(({ address }) => address),
      ttlMs: 1_000 * Math.min(...rows.map(({ ttl }) => ttl)),
    };
  };
}
