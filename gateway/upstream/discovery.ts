import { isDeepStrictEqual } from "node:util";
import type { PoolConfig, PoolEntry } from "../../config/index.ts";
import type { Logger } from "../../core/index.ts";
import type { Lookups } from "./lookup.ts";
import { WatchedName } from "./watched-name.ts";

type Sources = Pick<PoolConfig, "endpoints" | "dns" | "dnsServers" | "refreshMs">;

export interface DiscoveryOptions {
  readonly lookups: Lookups;
  readonly log: Logger;
  /** The endpoints, each once, with the lowest of its priorities. */
  readonly onChange: (endpoints: readonly PoolEntry[]) => void;
}

/**
 * The endpoints that a pool's configuration names, and those that its names have at the moment. While a name cannot be
 * looked up, its last addresses stand. The creator closes it.
 */
export class Discovery {
  readonly #options: DiscoveryOptions;
  #sources: Sources = { endpoints: [], dns: [], dnsServers: [], refreshMs: 0 };
  readonly #names = new Map<string, WatchedName>();

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  /** Tells the endpoints now, and whenever they become others. */
  apply(sources: Sources): void {
    const wanted = new Set(sources.dns.map(({ address }) => address));
    const asksOthers = !isDeepStrictEqual(sources.dnsServers, this.#sources.dnsServers);
    this.#sources = sources;
    for (const [address, watched] of this.#names) {
      if (wanted.has(address) && !asksOthers) continue;
      watched.close();
      if (!wanted.has(address)) this.#names.delete(address);
    }
    for (const address of wanted) {
      const before = this.#names.get(address);
      if (before !== undefined && !asksOthers) continue;
      const { lookups, log } = this.#options;
      const watched = new WatchedName(address, {
        lookup: lookups(sources.dnsServers),
        known: before?.addresses ?? [],
        log,
        refreshMs: () => this.#sources.refreshMs,
        onChange: () => this.#tell(),
      });
      this.#names.set(address, watched);
    }
    this.#tell();
  }

  close(): void {
    for (const watched of this.#names.values()) watched.close();
    this.#names.clear();
  }

  #tell(): void {
    const { endpoints, dns } = this.#sources;
    const found = dns.flatMap(({ address, priority }) =>
      (this.#names.get(address)?.addresses ?? []).map((each): PoolEntry => ({ address: each, priority })),
    );
    const priorities = new Map<string, number>();
    for (const { address, priority } of [...endpoints, ...found]) {
      priorities.set(address, Math.min(priority, priorities.get(address) ?? priority));
    }
    this.#options.onChange(Array.from(priorities, ([address, priority]) => ({ address, priority })));
  }
}
