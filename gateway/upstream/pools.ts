import { type Config, LOCAL_POOL, type ModelConfig, placeProblem } from "../../config/index.ts";
import { type CallSignal, InferenceError, type Logger, type ModelName, NO_DEADLINE } from "../../core/index.ts";
import type { Answer, RoutedCall, Servable } from "../call.ts";
import type { LoadTry, PoolFigures } from "../observe/index.ts";
import { CallFailure } from "./call-failure.ts";
import { createChanges } from "./changes.ts";
import type { PingConfig } from "./lines.ts";
import { createLocalPool } from "./local-pool.ts";
import { lookups } from "./lookup.ts";
import { modelsByPool, NO_MODELS, type PoolModels } from "./models-by-pool.ts";
import { Moves } from "./moves.ts";
import type { OnePool } from "./one-pool.ts";
import type { PoolWorker } from "./pool-worker.ts";
import { RemotePool } from "./remote-pool.ts";
import { createRetry, type Retry } from "./retry.ts";
import { createRetryBudget } from "./retry-budget.ts";
import { Served } from "./served.ts";
import type { PlaceEvents, WorkerPlaces } from "./supervisor.ts";

export interface PoolsOptions {
  readonly config: Config;
  /** Opens the places of local workers, which tell of each process. */
  readonly places: (events: PlaceEvents) => WorkerPlaces;
  /** What the first local worker waits for. Default: nothing. */
  readonly prepared?: Promise<unknown>;
  readonly log: Logger;
  /** Called for each try of a worker to load a version. */
  readonly onLoadTried?: (load: LoadTry) => void;
  readonly ping?: PingConfig;
  /** How long a worker that was connected may be silent before it is killed, or one elsewhere is away. Default 20 s. */
  readonly silentMs?: number;
}

/** All that is behind the gateway: the local workers, and the pools beside them. */
export interface Pools {
  /** What is served at this moment. */
  readonly registry: Served;
  /** The step of a request that tries again. */
  readonly retry: Retry;
  /** The step of a request that gives it to an endpoint. */
  readonly send: (routed: RoutedCall) => Promise<Answer>;
  /** Whether calls for it may travel together. */
  joins(target: Servable): boolean;
  /** Takes over the models, pools and resilience of another configuration; nothing in flight is touched. */
  apply(config: Config): void;
  /** What still keeps the gateway from being ready, one sentence each. */
  missing(): string[];
  /** What of that is about the one model. */
  missingOf(name: ModelName): string[];
  /** Why nothing of the model is to be had, where no version of it tells. */
  problemOf(name: ModelName): string | undefined;
  /** Whether every connected worker has taken over the models of the last `apply`. */
  applied(): boolean;
  /** Whether the model answers, or has failed to load, on every connected endpoint of its pool. */
  decided(name: ModelName): boolean;
  /** Resolves once the condition holds, which is looked at after each change; rejects with CANCELLED when the signal comes first. */
  until(condition: () => boolean, signal: CallSignal): Promise<void>;
  /** Called after each change of what is served where. */
  onChange(listener: () => void): void;
  /** One row a place of the local pool, asked of the system at this moment. */
  workers(): Promise<PoolWorker[]>;
  /** One row a pool beside the local one. */
  figures(): PoolFigures[];
  /** Starts no process any more; calls in flight go on. For the time between SIGTERM and `close`. */
  drain(): void;
  /** Ends all worker processes, by force after `limitMs` (default 5 s); nothing of the pools is left behind. */
  close(limitMs?: number): Promise<void>;
}

/** Starts or connects to all that a configuration names. The creator closes it. */
export function createPools(options: PoolsOptions): Pools {
  const { config: first, places, prepared, log, onLoadTried, ping, silentMs = 20_000 } = options;
  let config = first;
  let models = modelsByPool(first);
  let poolByModel = poolsOf(first.models);
  let retryByModel = retries(first.models);
  let unplaced = unplacedOf(first);
  const changes = createChanges();
  const common = { changes, log, onLoadTried, ping };
  const modelsOf = (pool: string): PoolModels => models.get(pool) ?? NO_MODELS;
  const local = createLocalPool({ ...common, config, models: modelsOf(LOCAL_POOL), places, prepared, silentMs });
  const remote = new Map<string, RemotePool>();
  /** No longer named; by the name that it had. */
  const retiring = new Map<RemotePool, string>();
  const moves = new Moves();
  const all = (): readonly OnePool[] => (remote.size === 0 ? [local] : [local, ...remote.values()]);
  let ending = false;

  const poolOf = (name: string): OnePool | undefined => {
    if (name === LOCAL_POOL) return local;
    return remote.get(name) ?? [...retiring.keys()].findLast((pool) => retiring.get(pool) === name);
  };
  const ownPool = (model: ModelName): OnePool | undefined => poolOf(poolByModel.get(model) ?? LOCAL_POOL);
  const retire = async (name: string, pool: RemotePool): Promise<void> => {
    remote.delete(name);
    retiring.set(pool, name);
    await pool.retire(() => moves.needs(pool));
    retiring.delete(pool);
  };
  const retireAndOpen = (): void => {
    const named = new Map(config.pools.map((pool) => [pool.name, pool]));
    for (const [name, pool] of remote) if (named.get(name)?.kind !== pool.kind) void retire(name, pool);
    for (const [name, pool] of named) {
      if (remote.has(name)) continue;
      remote.set(name, new RemotePool(pool, modelsOf(name), config, { ...common, lookups, silentMs }));
    }
  };
  const tellAll = (): void => {
    models = modelsByPool(config, moves.all);
    local.apply(modelsOf(LOCAL_POOL), config);
    for (const pool of config.pools) remote.get(pool.name)?.apply(pool, modelsOf(pool.name), config);
  };
  retireAndOpen();
  changes.subscribe(() => {
    for (const pool of remote.values()) pool.settle();
    if (moves.settle()) tellAll();
  });

  const drain = (): void => {
    ending = true;
    local.drain();
    changes.notify();
  };

  const registry = new Served({
    local: local.registry,
    poolOf: (model) => poolByModel.get(model),
    registryOf: (pool) => poolOf(pool)?.registry,
    standIn: (model) => moves.standIn(model)?.registry,
    others: () => Array.from(remote.values(), ({ registry }) => registry),
  });

  return {
    registry,
    retry: createRetry({
      config: () => config.resilience.retries,
      budget: createRetryBudget(() => config.resilience.retries.budgetPercent),
      mayRunTwice: (model) => retryByModel.get(model) ?? true,
      changes,
      mayRecover: () => !ending,
    }),

    send(routed) {
      const { pool } = routed.target;
      if (pool === undefined) return local.send(routed);
      return poolOf(pool)?.send(routed) ?? Promise.reject(poolIsGone(pool));
    },

    joins: ({ pool }) => pool === undefined || (remote.get(pool)?.joins ?? true),

    apply(next) {
      const before = new Map(config.models.map((model) => [model.name, { model, from: ownPool(model.name) }]));
      config = next;
      poolByModel = poolsOf(next.models);
      retryByModel = retries(next.models);
      unplaced = unplacedOf(next);
      models = modelsByPool(next);
      retireAndOpen();
      moves.keep(new Set(next.models.map(({ name }) => name)));
      for (const { name } of next.models) {
        const { model, from } = before.get(name) ?? {};
        const to = ownPool(name);
        if (model === undefined || from === undefined || to === undefined || from === to) continue;
        moves.begin({ model, from, fromName: model.pool ?? LOCAL_POOL, to });
      }
      tellAll();
    },

    missing: () => [...all().flatMap((pool) => pool.missing()), ...Array.from(unplaced, sentence)],
    missingOf(name) {
      const problem = unplaced.get(name);
      if (problem !== undefined) return [sentence([name, problem])];
      return poolOf(poolByModel.get(name) ?? LOCAL_POOL)?.missing(name) ?? [];
    },
    problemOf(name) {
      const problem = unplaced.get(name);
      if (problem !== undefined) return problem;
      const isTold = (registry.status(name)?.length ?? 0) > 0 || registry.outlook(name) !== "failed";
      return isTold ? undefined : registry.failure(name).message;
    },
    applied: () => all().every((pool) => pool.applied()),
    decided: (name) => ownPool(name)?.decided(name) ?? true,

    async until(condition, signal) {
      for (let seen = changes.count; !condition(); seen = changes.count) {
        if (await changes.after(seen, NO_DEADLINE, signal)) continue;
        throw new InferenceError("CANCELLED", "the client has given up");
      }
    },

    onChange(listener) {
      changes.subscribe(listener);
    },

    workers: () => local.workers(),
    figures: () => Array.from(remote.values(), (pool) => pool.figures()),
    drain,

    async close(limitMs = 5_000) {
      drain();
      await local.close(limitMs);
      for (const pool of [...remote.values(), ...retiring.keys()]) pool.close();
    },
  };
}

function retries(models: readonly ModelConfig[]): ReadonlyMap<ModelName, boolean> {
  return new Map(models.map(({ name, retry }) => [name, retry]));
}

/** Models that no pool can have, and why. */
function unplacedOf(config: Config): ReadonlyMap<ModelName, string> {
  return new Map(
    config.models.flatMap((model) => {
      const problem = placeProblem(model, config);
      return problem === undefined ? [] : [[model.name, problem] as const];
    }),
  );
}

function sentence([name, problem]: readonly [ModelName, string]): string {
  return `model ${name}: ${problem}`;
}

/** Without the models of the local workers. */
function poolsOf(models: readonly ModelConfig[]): ReadonlyMap<ModelName, string> {
  return new Map(models.flatMap(({ name, pool }) => (pool === undefined ? [] : [[name, pool] as const])));
}

/** Its version is resolved anew, by the routes that hold now. */
function poolIsGone(name: string): InferenceError {
  const message = `pool ${name} has been removed`;
  return new InferenceError("UNAVAILABLE", message, { retryable: true, cause: new CallFailure("unloaded", message) });
}
