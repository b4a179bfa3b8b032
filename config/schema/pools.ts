import { z } from "zod";
import { endpointAddress, serverAddress } from "./endpoint-address.ts";
import { list, listOrOne, section, shortOr } from "./scalar.ts";
import { type StickyKey, stickyKey } from "./sticky.ts";
import { duration, integer, text, word } from "./units.ts";

/** One entry of `pools:`, endpoints beside the local workers. Swapped by a reload. */
export interface PoolConfig {
  readonly name: string;
  /** What runs there: workers that take their models from the gateway, or servers that have models of their own. */
  readonly kind: PoolKind;
  readonly endpoints: readonly PoolEntry[];
  /** Names whose addresses are all endpoints. */
  readonly dns: readonly PoolEntry[];
  /** Asked for these names in place of the system; with none, the system is. */
  readonly dnsServers: readonly string[];
  /** How often names are resolved. */
  readonly refreshMs: number;
  readonly balance: BalanceConfig;
  readonly limits: PoolLimits;
  /** How often a server of kind `tensorflow-serving` is asked what it serves. */
  readonly pollIntervalMs: number;
}

export type PoolKind = "tensorgate" | "tensorflow-serving";

export interface PoolEntry {
  /** A name or address and a port. */
  readonly address: string;
  /** Used while no endpoint of a lower number can be. */
  readonly priority: number;
}

export type BalanceConfig =
  /** The less busy one of two by chance. */
  | { readonly by: "leastRequest" }
  | { readonly by: "leastLoaded" }
  | { readonly by: "roundRobin" }
  /** `key`: what keeps its endpoint; undefined: what keeps its arm in the call's route, or else its body. */
  | { readonly by: "ringHash"; readonly key: StickyKey | undefined };

/** Infinity: no limit. */
export interface PoolLimits {
  /** Calls under way in the whole pool. */
  readonly maxInFlight: number;
  readonly maxInFlightPerEndpoint: number;
}

/** What the workers of `workers:` are called where a pool is named. */
export const LOCAL_POOL = "local";

function entry(what: string): z.ZodType<PoolEntry> {
  return shortOr(
    endpointAddress().transform((address): PoolEntry => ({ address, priority: 0 })),
    section({
      address: endpointAddress().describe(what),
      priority: integer(0).prefault(0).describe("Used only while no endpoint of a lower number can be."),
    }),
  );
}

function poolName(): z.ZodType<string> {
  return text().transform((name, context) => {
    if (name !== LOCAL_POOL) return name;
    context.addIssue({ code: "custom", message: `"${LOCAL_POOL}" is the pool of the local workers` });
    return z.NEVER;
  });
}

const limits = section({
  maxInFlight: integer(1).optional().describe("Calls under way in the whole pool; one more is 503."),
  maxInFlightPerEndpoint: integer(1).optional().describe("Calls under way at one endpoint; one more goes to another."),
}).transform(
  ({ maxInFlight, maxInFlightPerEndpoint }): PoolLimits => ({
    maxInFlight: maxInFlight ?? Number.POSITIVE_INFINITY,
    maxInFlightPerEndpoint: maxInFlightPerEndpoint ?? Number.POSITIVE_INFINITY,
  }),
);

export const poolSchema: z.ZodType<PoolConfig> = section({
  name: poolName().describe("For models[].pool and the targets of routes."),
  kind: word("tensorgate", "tensorflow-serving")
    .prefault("tensorgate")
    .describe("What runs there: tensorgate workers, or servers that have models of their own."),
  endpoints: list(entry("A host and a port.")).prefault([]).describe("host:port, or { address, priority }."),
  dns: listOrOne(entry("A name and a port."))
    .prefault([])
    .describe("name:port, or { address, priority }: each address that the name has is an endpoint."),
  dnsServers: listOrOne(serverAddress())
    .prefault([])
    .describe("Who is asked for these names, as address or address:port; default: whom the system asks."),
  refresh: duration().prefault("10s").describe("How often names are resolved, at least."),
  balance: word("leastRequest", "roundRobin", "ringHash", "leastLoaded")
    .prefault("leastRequest")
    .describe(
      "Which endpoint gets a call: the less busy of two by chance, each in turn, by a hash, or the least busy.",
    ),
  ringHash: stickyKey("endpoint")
    .optional()
    .describe("What keeps its endpoint; default: what keeps its arm in the route, or else the request's body."),
  limits: limits.prefault({}),
  pollInterval: duration().optional().describe("How often a tensorflow-serving server is asked what it serves."),
}).transform(({ refresh, balance, ringHash, pollInterval, ...others }, context): PoolConfig => {
  const wrong = (message: string, ...path: string[]): void => context.addIssue({ code: "custom", message, path });
  if (others.endpoints.length + others.dns.length === 0) wrong("expected endpoints, dns or both");
  if (others.dnsServers.length > 0 && others.dns.length === 0) wrong("is for names in dns only", "dnsServers");
  if (ringHash !== undefined && balance !== "ringHash") wrong("is for balance: ringHash only", "ringHash");
  if (pollInterval !== undefined && others.kind !== "tensorflow-serving") {
    wrong("is for kind: tensorflow-serving only", "pollInterval");
  }
  return {
    ...others,
    refreshMs: Math.max(MIN_PERIOD_MS, refresh),
    balance: balance === "ringHash" ? { by: balance, key: ringHash } : { by: balance },
    pollIntervalMs: Math.max(MIN_PERIOD_MS, pollInterval ?? DEFAULT_POLL_MS),
  };
});

/** `refresh: 0` must not become a busy loop. */
const MIN_PERIOD_MS = 10;
const DEFAULT_POLL_MS = 1_000;
