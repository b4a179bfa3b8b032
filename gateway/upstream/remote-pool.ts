import { setTimeout as sleep } from "node:timers/promises";
import type { Config, PoolConfig, PoolEntry } from "../../config/index.ts";
import { InferenceError, type ModelName } from "../../core/index.ts";
import type { Answer, RoutedCall } from "../call.ts";
import type { PoolFigures } from "../observe/index.ts";
import { type Balancer, createBalancer } from "./balance/index.ts";
import { isCrowded } from "./crowded.ts";
import { Discovery } from "./discovery.ts";
import type { Endpoint } from "./endpoint.ts";
import { PING, type PingConfig } from "./lines.ts";
import type { Lookups } from "./lookup.ts";
import { Members, type MembersOptions } from "./members.ts";
import type { PoolModels } from "./models-by-pool.ts";
import type { OnePool } from "./one-pool.ts";
import { poolFigures } from "./pool-figures.ts";
import { missing } from "./readiness.ts";
import type { Registry } from "./registry.ts";
import { createSend } from "./send.ts";
import { ServingWatch } from "./serving-watch.ts";
import { wantedModels } from "./wanted-models.ts";
import type { WorkerLink } from "./worker-link.ts";
import { WorkerWatch } from "./worker-watch.ts";

export interface RemotePoolOptions extends Pick<MembersOptions, "changes" | "log" | "onLoadTried" | "silentMs"> {
  readonly ping?: PingConfig | undefined;
  readonly lookups: Lookups;
}

/** How long an endpoint that is no longer named answers what no other one can. */
const COVER_MS = 30_000;

/** A pool that is no longer named may still be meant by calls that came before: their bodies are being read, or they wait for company. */
const LINGER_MS = 2_000;

/**
 * One entry of `pools:`. Endpoints that a change of the configuration or of a name's addresses leaves keep their
 * connections, breakers and counts; those that it takes away leave once others serve what they do. The creator closes it.
 */
export class RemotePool implements OnePool {
  readonly send: (routed: RoutedCall) => Promise<Answer>;
  readonly #options: RemotePoolOptions;
  readonly #members: Members;
  readonly #discovery: Discovery;
  readonly #retiring = new Map<string, NodeJS.Timeout>();
  #pool: PoolConfig;
  #models: PoolModels;
  #balancer: Balancer<Endpoint>;
  #inFlight = 0;
  #overflows = 0;

  constructor(pool: PoolConfig, models: PoolModels, config: Config, options: RemotePoolOptions) {
    const { changes, lookups, onLoadTried, ping, silentMs } = options;
    const log = options.log.child({ pool: pool.name });
    const isOwn = pool.kind === "tensorgate";
    this.#options = { ...options, log };
    this.#pool = pool;
    this.#models = models;
    this.#balancer = createBalancer(pool.balance);
    this.#members = new Members({
      pool: pool.name,
      isOwn,
      watch: isOwn
        ? (watch) => new WorkerWatch(watch)
        : (watch) => new ServingWatch({ ...watch, intervalMs: () => this.#pool.pollIntervalMs }),
      wanted: wantedOf(pool, models, config),
      breaker: config.resilience.breaker,
      changes,
      log,
      onLoadTried: isOwn ? onLoadTried : undefined,
      ping: () => ping ?? (isOwn ? undefined : servingPing(this.#pool.pollIntervalMs)),
      silentMs,
    });
    const send = createSend(this.#members.registry, {
      pick: (endpoints, tried, routed) => this.#balancer(endpoints, tried, routed),
      onOverflow: () => this.#overflows++,
    });
    this.send = (routed) => this.#sendWithin(send, routed);
    this.#discovery = new Discovery({ lookups, log, onChange: (entries) => this.#take(entries) });
    this.#discovery.apply(pool);
  }

  get kind(): PoolConfig["kind"] {
    return this.#pool.kind;
  }

  /** Whether calls may travel together: not where each has an endpoint of its own. */
  get joins(): boolean {
    return this.#pool.balance.by !== "ringHash";
  }

  get registry(): Registry<Endpoint> {
    return this.#members.registry;
  }

  apply(pool: PoolConfig, models: PoolModels, config: Config): void {
    this.#pool = pool;
    this.#models = models;
    this.#discovery.apply(pool);
    const { breaker } = config.resilience;
    this.#members.apply(wantedOf(pool, models, config), breaker);
  }

  missing(of?: ModelName): string[] {
    const { name, kind } = this.#pool;
    const readyWorkers = this.#members.connected().length;
    const own = of === undefined ? this.#models.own : this.#models.own.filter((model) => model.name === of);
    if (readyWorkers === 0) return own.map((model) => `model ${model.name}: no endpoint of pool ${name} is connected`);
    return missing({
      // Which versions there are is such a server's own affair.
      models: kind === "tensorgate" ? own : own.map((model) => ({ ...model, versions: { by: "all" } })),
      readyWorkers,
      model: (model) => this.registry.model(model),
      counts: (endpoint) => endpoint.ready && this.#members.isUpToDate(endpoint),
    });
  }

  applied(): boolean {
    return this.#members.applied();
  }

  decided(name: ModelName): boolean {
    return this.#members.decided(name);
  }

  figures(): PoolFigures {
    return poolFigures(this.#pool.name, this.#members, this.#inFlight, this.#overflows);
  }

  /** Something has changed: lets those endpoints go that others have taken over from. */
  settle(): void {
    for (const name of this.#retiring.keys()) {
      const endpoint = this.#members.get(name)?.endpoint;
      const stays = (other: Endpoint): boolean => other.ready && !this.#retiring.has(other.name);
      const isNeeded =
        endpoint?.ready && this.registry.isNeeded(endpoint, this.#models.all, stays, this.kind === "tensorgate");
      if (!isNeeded) this.#leave(name);
    }
  }

  /** For a pool that is no longer named: resolves once nobody needs it any more. */
  async retire(isNeeded: () => boolean): Promise<void> {
    this.#discovery.close();
    let idleMs = 0;
    while (idleMs < LINGER_MS) {
      await sleep(LINGER_MS / 4, undefined, { ref: false });
      idleMs = this.#inFlight > 0 || isNeeded() ? 0 : idleMs + LINGER_MS / 4;
    }
    this.close();
  }

  close(): void {
    this.#discovery.close();
    for (const timer of this.#retiring.values()) clearTimeout(timer);
    this.#retiring.clear();
    this.#members.closeAll();
  }

  #take(entries: readonly PoolEntry[]): void {
    const { limits, balance } = this.#pool;
    const wanted = new Set(entries.map(({ address }) => address));
    for (const { address, priority } of entries) {
      const { endpoint } = this.#members.get(address) ?? this.#open(address);
      clearTimeout(this.#retiring.get(address));
      this.#retiring.delete(address);
      this.#members.tell(address);
      endpoint.priority = priority;
      endpoint.maxInFlight = limits.maxInFlightPerEndpoint;
    }
    for (const { endpoint } of this.#members.all()) {
      const { name } = endpoint;
      if (wanted.has(name) || this.#retiring.has(name)) continue;
      this.#members.untell(name);
      this.#retiring.set(name, setTimeout(() => this.#leave(name), COVER_MS).unref());
    }
    // What it knows of lists of endpoints may have been by other priorities.
    this.#balancer = createBalancer(balance);
    this.settle();
  }

  #open(address: string): WorkerLink {
    const { log, silentMs } = this.#options;
    const link = this.#members.open(address, address, {
      isElsewhere: true,
      onReady: () => log.info({ worker: address }, "endpoint is up"),
      onSilent: (reason) => {
        log.warn({ worker: address, silentMs, reason }, "endpoint is away");
        this.registry.remove(link.endpoint);
      },
    });
    return link;
  }

  #leave(name: string): void {
    clearTimeout(this.#retiring.get(name));
    this.#retiring.delete(name);
    if (this.#members.get(name) === undefined) return;
    this.#options.log.info({ worker: name }, "endpoint leaves");
    this.#members.leave(name);
  }

  async #sendWithin(send: (routed: RoutedCall) => Promise<Answer>, routed: RoutedCall): Promise<Answer> {
    const { name, limits } = this.#pool;
    if (isCrowded(routed, this.#inFlight, limits.maxInFlight)) {
      this.#overflows++;
      const message = `pool ${name} has as many calls as its limits allow`;
      throw new InferenceError("UNAVAILABLE", message, { retryAfterMs: 1000 });
    }
    this.#inFlight++;
    try {
      return await send(routed);
    } finally {
      this.#inFlight--;
    }
  }
}

/**
 * A server of gRPC's C++ library, as TensorFlow Serving is, ends a connection with the fourth ping since it last sent an
 * answer there (`grpc.http2.max_ping_strikes`), and with it every call that takes longer. It answers when it is polled.
 */
function servingPing(pollIntervalMs: number): PingConfig {
  return { everyMs: Math.max(2_500, pollIntervalMs), timeoutMs: PING.timeoutMs };
}

/** Of a server that cannot be told what to try, rows travel together only where the model asks for it itself. */
function wantedOf({ kind }: PoolConfig, { all }: PoolModels, { batching }: Config): ReturnType<typeof wantedModels> {
  return wantedModels({ models: all, batching: kind === "tensorgate" ? batching : "off" });
}
