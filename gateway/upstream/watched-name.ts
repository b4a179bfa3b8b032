import { isDeepStrictEqual } from "node:util";
import type { Logger } from "../../core/index.ts";
import type { Lookup } from "./lookup.ts";

export interface WatchedNameOptions {
  readonly lookup: Lookup;
  /** Its addresses until it is found. */
  readonly known: readonly string[];
  readonly log: Logger;
  /** Asked before each wait. */
  readonly refreshMs: () => number;
  readonly onChange: () => void;
}

/** A name that has never been found is looked up again soon. */
const FIRST_RETRY_MS = 1_000;

/** Records that hold for less are not asked for more often. */
const MIN_TTL_MS = 1_000;

/** A name with a port that is looked up over and over, whenever its records are no longer good at the latest. The creator closes it. */
export class WatchedName {
  /** With the port; as found last. */
  addresses: readonly string[];
  readonly #address: string;
  readonly #options: WatchedNameOptions;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** The last look has failed, and the log says so. */
  #failing = false;
  /** What has changed was not taken over. */
  #owed = false;

  constructor(address: string, options: WatchedNameOptions) {
    this.#address = address;
    this.addresses = options.known;
    this.#options = options;
    void this.#run();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    const ttlMs = await this.#look();
    if (this.#closed) return;
    this.#tell();
    const refreshMs = this.#options.refreshMs();
    const mostMs = this.addresses.length > 0 ? Math.max(MIN_TTL_MS, ttlMs) : FIRST_RETRY_MS;
    this.#timer = setTimeout(() => void this.#run(), Math.min(refreshMs, mostMs)).unref();
  }

  /** Answers for how long it holds. */
  async #look(): Promise<number> {
    const { lookup, log } = this.#options;
    const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(this.#address) ?? [];
    try {
      const { addresses: found, ttlMs } = await lookup(host.replace(/^\[|\]$/g, ""));
      if (this.#closed) return 0;
      if (this.#failing) log.info({ dns: this.#address }, "the name is found again");
      this.#failing = false;
      const withPort = found.map((each) => (each.includes(":") ? `[${each}]:${port}` : `${each}:${port}`));
      const addresses = [...new Set(withPort)].sort();
      if (!isDeepStrictEqual(addresses, this.addresses)) {
        log.info({ dns: this.#address, addresses }, "the name has other addresses");
        this.addresses = addresses;
        this.#owed = true;
      }
      return ttlMs;
    } catch (thrown) {
      if (!this.#closed && !this.#failing)
        log.warn(
          { dns: this.#address, reason: String(thrown) },
          "the name cannot be looked up, its last addresses stay",
        );
      this.#failing = true;
      return Number.POSITIVE_INFINITY;
    }
  }

  #tell(): void {
    if (!this.#owed) return;
    try {
      this.#options.onChange();
      this.#owed = false;
    } catch (thrown) {
      const { addresses } = this;
      this.#options.log.error(
        { dns: this.#address, addresses, err: thrown },
        "addresses cannot be taken over, they are tried again",
      );
    }
  }
}
