import { lookup } from "node:dns/promises";
import type { PoolConfig, PoolEntry } from "../../config/index.ts";
import type { Logger } from "../../core/index.ts";

/** All addresses of a name; rejects when there are none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/**
 * As every program on this machine looks names up: what `/etc/hosts` and the search domains of `resolv.conf` name is found
 * too, as a short name of a Kubernetes service is.
 */
export const systemLookup: Lookup = async (name) =>
  (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);

type Sources = Pick<PoolConfig, "endpoints" | "dns" | "refreshMs">;

export interface DiscoveryOptions {
  readonly lookup: Lookup;
  readonly log: Logger;
  /** The endpoints, each once, with the lowest of its priorities. */
  readonly onChange: (endpoints: readonly PoolEntry[]) => void;
}

/** A name that has never been found is looked up again soon. */
const FIRST_RETRY_MS = 1_000;

/**
 * The endpoints that a pool's configuration names, and those that its names have at the moment. While a name cannot be
 * looked up, its last addresses stand. The creator closes it.
 */
export class Discovery {
  readonly #options: DiscoveryOptions;
  #sources: Sources = { endpoints: [], dns: [], refreshMs: 0 };
  readonly #names = new Map<string, WatchedName>();

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  /** Tells the endpoints now, and whenever they become others. */
  apply(sources: Sources): void {
    this.#sources = sources;
    const wanted = new Set(sources.dns.map(({ address }) => address));
    for (const [address, watched] of this.#names) {
      if (wanted.has(address)) continue;
      watched.close();
      this.#names.delete(address);
    }
    for (const address of wanted) {
      if (this.#names.has(address)) continue;
      const { lookup, log } = this.#options;
      const watched = new WatchedName(address, {
        lookup,
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

interface WatchedNameOptions {
  readonly lookup: Lookup;
  readonly log: Logger;
  readonly refreshMs: () => number;
  readonly onChange: () => void;
}

class WatchedName {
  /** With the port; as found last. */
  addresses: readonly string[] = [];
  readonly #address: string;
  readonly #options: WatchedNameOptions;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** The last look has failed, and the log says so. */
  #failing = false;

  constructor(address: string, options: WatchedNameOptions) {
    this.#address = address;
    this.#options = options;
    void this.#look();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const { lookup, log, refreshMs, onChange } = this.#options;
    const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(this.#address) ?? [];
    try {
      const found = await lookup(host.replace(/^\[|\]$/g, ""));
      if (this.#closed) return;
      if (this.#failing) log.info({ dns: this.#address }, "the name is found again");
      this.#failing = false;
      const addresses = [
        ...new Set(found.map((each) => (each.includes(":") ? `[${each}]:${port}` : `${each}:${port}`))),
      ].sort();
      const before = this.addresses.join();
      this.addresses = addresses;
      if (before !== addresses.join()) {
        log.info({ dns: this.#address, addresses }, "the name has other addresses");
        onChange();
      }
    } catch (thrown) {
      if (this.#closed) return;
      if (!this.#failing)
        log.warn(
          { dns: this.#address, reason: String(thrown) },
          "the name cannot be looked up, its last addresses stay",
        );
      this.#failing = true;
    }
    const isKnown = this.addresses.length > 0;
    this.#timer = setTimeout(() => void this.#look(), isKnown ? refreshMs() : Math.min(FIRST_RETRY_MS, refreshMs()));
    this.#timer.unref();
  }
}
