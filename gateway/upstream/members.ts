import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { BreakerConfig } from "../../config/index.ts";
import type { Logger, ModelName } from "../../core/index.ts";
import type { ApplyModelsRequest, WantedModel } from "../../protos/index.ts";
import type { LoadTry } from "../observe/index.ts";
import type { Changes } from "./changes.ts";
import type { Endpoint } from "./endpoint.ts";
import type { EndpointWatch, WatchOptions } from "./endpoint-watch.ts";
import type { PingConfig } from "./lines.ts";
import { Registry } from "./registry.ts";
import { WorkerLink, type WorkerLinkOptions } from "./worker-link.ts";

export interface MembersOptions {
  /** Undefined: the local workers. */
  readonly pool?: string;
  /** Whether its endpoints are workers of ours. */
  readonly isOwn: boolean;
  readonly watch: (options: WatchOptions) => EndpointWatch;
  readonly wanted: readonly WantedModel[];
  readonly breaker: BreakerConfig;
  readonly changes: Changes;
  readonly log: Logger;
  readonly onLoadTried?: ((load: LoadTry) => void) | undefined;
  /** Asked for each endpoint. Default: that of `Lines`. */
  readonly ping?: (() => PingConfig | undefined) | undefined;
  /** How long an endpoint that was there may be silent. */
  readonly silentMs: number;
}

const IDLE_LOOK_MS = 100;

type LinkEvents = Pick<WorkerLinkOptions, "onReady" | "onSilent" | "isElsewhere">;

/**
 * The endpoints of one pool, what they are to serve and what they do. A link (endpoint, breaker, counts) outlives every
 * reload. The creator closes it.
 */
export class Members {
  /** What is served where, at this moment. */
  readonly registry: Registry<Endpoint>;
  readonly #options: MembersOptions;
  readonly #links = new Map<string, WorkerLink>();
  /** Those that are not told what is to be served: another pool may have them by now. */
  readonly #untold = new Set<string>();
  /** Gone from the pool, with calls in flight. */
  readonly #leaving = new Set<WorkerLink>();
  #breaker: BreakerConfig;
  #generation = nextGeneration();
  #wanted: ApplyModelsRequest;

  constructor(options: MembersOptions) {
    const { wanted, breaker, changes, onLoadTried, pool } = options;
    this.#options = options;
    this.#breaker = breaker;
    this.#wanted = { models: wanted, generation: String(this.#generation) };
    this.registry = new Registry<Endpoint>(() => changes.notify(), onLoadTried, pool);
  }

  /** `name` is for messages, logs and metrics, `target` in gRPC's syntax. */
  open(name: string, target: string, on: LinkEvents): WorkerLink {
    const { isOwn, watch, changes, log, ping, silentMs } = this.#options;
    const link = new WorkerLink({
      ...on,
      name,
      target,
      isOwn,
      breaker: this.#breaker,
      ping: ping?.(),
      wanted: this.#wanted,
      watch,
      registry: this.registry,
      changes,
      log: log.child({ worker: name }),
      silentMs,
    });
    this.#links.set(name, link);
    return link;
  }

  get(name: string): WorkerLink | undefined {
    return this.#links.get(name);
  }

  all(): readonly WorkerLink[] {
    return [...this.#links.values()];
  }

  connected(): readonly WorkerLink[] {
    return this.all().filter(({ endpoint }) => endpoint.ready);
  }

  /** Those that get no new calls, but have some in flight. */
  get leaving(): number {
    return this.#leaving.size;
  }

  /** At once: the endpoint has ended. */
  close(name: string): void {
    this.#links.get(name)?.close();
    this.#links.delete(name);
    this.#untold.delete(name);
  }

  /** From now on it is not told what is to be served, and nobody waits for it. */
  untell(name: string): void {
    this.#untold.add(name);
  }

  /** It is told again, and at once if it was not. */
  tell(name: string): void {
    if (this.#untold.delete(name)) this.#links.get(name)?.apply(this.#wanted);
  }

  /** Gives it no new calls, and closes it once those in flight have ended. */
  leave(name: string): void {
    const link = this.#links.get(name);
    if (link === undefined) return;
    this.#links.delete(name);
    this.#untold.delete(name);
    this.#leaving.add(link);
    link.leave();
    void this.#closeOnceIdle(link);
  }

  /** Takes over what is to be served; nothing in flight is touched. */
  apply(wanted: readonly WantedModel[], breaker: BreakerConfig): void {
    if (!isDeepStrictEqual(this.#wanted.models, wanted)) {
      this.#generation = nextGeneration();
      this.#wanted = { models: wanted, generation: String(this.#generation) };
      for (const [name, link] of this.#links) if (!this.#untold.has(name)) link.apply(this.#wanted);
    }
    if (!isDeepStrictEqual(this.#breaker, breaker)) {
      this.#breaker = breaker;
      for (const { endpoint } of this.#links.values()) endpoint.setBreaker(breaker);
    }
  }

  /** Whether what the endpoint reports is about what is to be served now. */
  isUpToDate(endpoint: Endpoint): boolean {
    return this.registry.generationOf(endpoint) >= this.#generation;
  }

  /** Whether every connected endpoint that is told has taken over the models of the last `apply`. */
  applied(): boolean {
    return this.#told().every(({ endpoint }) => this.isUpToDate(endpoint));
  }

  /** Whether the model answers, or has failed to load, on every connected endpoint that is told. */
  decided(name: ModelName): boolean {
    const told = this.#told();
    return told.length > 0 && told.every(({ endpoint }) => this.registry.decided(endpoint, name));
  }

  closeAll(): void {
    const links = [...this.#links.values(), ...this.#leaving];
    this.#links.clear();
    this.#leaving.clear();
    for (const link of links) link.close();
  }

  #told(): readonly WorkerLink[] {
    return this.connected().filter(({ endpoint }) => !this.#untold.has(endpoint.name));
  }

  async #closeOnceIdle(link: WorkerLink): Promise<void> {
    while (link.endpoint.inFlight > 0) await sleep(IDLE_LOOK_MS, undefined, { ref: false });
    if (this.#leaving.delete(link)) link.close();
  }
}

/** Grows from set to set, and from one gateway to the next: a worker may outlive the gateway that it knew first. */
function nextGeneration(): bigint {
  const now = BigInt(Date.now());
  lastGeneration = now > lastGeneration ? now : lastGeneration + 1n;
  return lastGeneration;
}

/** Of any pool: one may get a worker that was another one's. */
let lastGeneration = 0n;
