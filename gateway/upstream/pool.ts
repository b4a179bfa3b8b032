import { isDeepStrictEqual } from "node:util";
import type { Config, ModelConfig } from "../../config/index.ts";
import { type CallSignal, InferenceError, type Logger, type ModelName, NO_DEADLINE } from "../../core/index.ts";
import type { ApplyModelsRequest } from "../../protos/index.ts";
import type { Answer, RoutedCall } from "../call.ts";
import type { LoadTry } from "../observe/index.ts";
import type { Breaker } from "./breaker.ts";
import { createChanges } from "./changes.ts";
import type { Endpoint } from "./endpoint.ts";
import type { PingConfig } from "./lines.ts";
import { residentBytes } from "./process-memory.ts";
import { missing } from "./readiness.ts";
import { Registry } from "./registry.ts";
import { createRetry, type Retry } from "./retry.ts";
import { createRetryBudget } from "./retry-budget.ts";
import { createSend } from "./send.ts";
import { type PlaceEvents, type WorkerPlaces, workerName } from "./supervisor.ts";
import { wantedModels } from "./wanted-models.ts";
import { WorkerLink, type WorkerLinkOptions } from "./worker-link.ts";

export interface PoolOptions {
  readonly config: Config;
  /** Opens the places of local workers, which tell of each process. */
  readonly places: (events: PlaceEvents) => WorkerPlaces;
  /** What the first local worker waits for. Default: nothing. */
  readonly prepared?: Promise<unknown>;
  readonly log: Logger;
  /** Called for each try of a worker to load a version. */
  readonly onLoadTried?: (load: LoadTry) => void;
  readonly ping?: PingConfig;
  /** How long a process that was connected may be silent before it is killed. Default 20 s. */
  readonly hungMs?: number;
}

/** The workers behind the gateway. */
export interface Pool {
  /** What is served where, at this moment. */
  readonly registry: Registry<Endpoint>;
  /** The step of a request that tries again. */
  readonly retry: Retry;
  /** The step of a request that gives it to a worker. */
  readonly send: (routed: RoutedCall) => Promise<Answer>;
  /** Takes over the models and the resilience of another configuration; nothing in flight is touched. */
  apply(config: Config): void;
  /** What still keeps the gateway from being ready, one sentence each. */
  missing(): string[];
  /** Whether every connected worker has taken over the models of the last `apply`. */
  applied(): boolean;
  /** Whether the model answers, or has failed to load, on every connected worker. */
  decided(name: ModelName): boolean;
  /** Resolves once the condition holds, which is looked at after each change; rejects with CANCELLED when the signal comes first. */
  until(condition: () => boolean, signal: CallSignal): Promise<void>;
  /** Called after each change of what is served where. */
  onChange(listener: () => void): void;
  /** One row a place of the pool, asked of the system at this moment. */
  workers(): Promise<PoolWorker[]>;
  /** Starts no process any more; calls in flight go on. For the time between SIGTERM and `close`. */
  drain(): void;
  /** Ends all worker processes, by force after `limitMs` (default 5 s); nothing of the pool is left behind. */
  close(limitMs?: number): Promise<void>;
}

/** For metrics and status. */
export interface PoolWorker {
  readonly name: string;
  /** Undefined between two processes. */
  readonly pid: number | undefined;
  readonly restarts: number;
  /** Connected and reporting. */
  readonly ready: boolean;
  /** Undefined between two processes. */
  readonly breaker: Breaker["state"] | undefined;
  readonly inFlight: number;
  /** Of the process; undefined when there is none on this machine. */
  readonly residentBytes: number | undefined;
  /** What its loaded versions are estimated to take. */
  readonly modelBytes: number;
}

/**
 * Starts `config.workers.count` local processes and keeps them, or connects to `config.workers.endpoints`. A link
 * (endpoint, breaker, counts) lives as long as one process or address, and outlives every reload. The creator closes the
 * pool.
 */
export function createPool(options: PoolOptions): Pool {
  const { config: first, places, prepared, log, onLoadTried, ping, hungMs = 20_000 } = options;
  let config = first;
  let retryByModel = retries(first.models);
  let generation = nextGeneration(0n);
  let wanted: ApplyModelsRequest = { models: wantedModels(first), generation: String(generation) };
  const changes = createChanges();
  const registry = new Registry<Endpoint>(() => changes.notify(), onLoadTried);
  const links = new Map<string, WorkerLink>();
  const connected = (): WorkerLink[] => [...links.values()].filter(({ endpoint }) => endpoint.ready);
  let ending = false;
  const drain = (): void => {
    ending = true;
    supervisor.stopRestarts();
    changes.notify();
  };

  const openLink = (name: string, target: string, on: Pick<WorkerLinkOptions, "onReady" | "onSilent">): WorkerLink => {
    const { breaker } = config.resilience;
    const workerLog = log.child({ worker: name });
    const link = new WorkerLink({
      ...on,
      name,
      target,
      breaker,
      ping,
      wanted,
      registry,
      changes,
      log: workerLog,
      silentMs: hungMs,
    });
    links.set(name, link);
    return link;
  };

  const supervisor = places({
    onStarted(slot) {
      const name = workerName(slot);
      openLink(name, `unix:${slot.socketPath}`, {
        onReady: () => {
          supervisor.markReady(slot);
          log.info({ worker: name, workerPid: supervisor.pidOf(slot) }, "worker is up");
        },
        onSilent: () => {
          log.error({ worker: name, silentMs: hungMs }, "worker hangs, killing it");
          supervisor.kill(slot);
        },
      });
    },
    onEnded(slot) {
      links.get(workerName(slot))?.close();
      links.delete(workerName(slot));
    },
  });
  for (const address of first.workers.endpoints) {
    const link = openLink(address, address, {
      onReady: () => log.info({ worker: address }, "worker is up"),
      onSilent: () => {
        log.warn({ worker: address, silentMs: hungMs }, "worker is away");
        registry.remove(link.endpoint);
      },
    });
  }
  let preparing = prepared !== undefined;
  const start = async (): Promise<void> => {
    try {
      await prepared;
    } catch {
      return; // Told by whoever prepares.
    }
    preparing = false;
    supervisor.start();
  };
  if (preparing) void start();
  else supervisor.start();

  return {
    registry,
    retry: createRetry({
      config: () => config.resilience.retries,
      budget: createRetryBudget(() => config.resilience.retries.budgetPercent),
      mayRunTwice: (model) => retryByModel.get(model) ?? true,
      changes,
      mayRecover: () => !ending,
    }),
    send: createSend(registry),

    apply(next) {
      const before = config;
      config = next;
      retryByModel = retries(next.models);
      const models = wantedModels(next);
      if (!isDeepStrictEqual(wanted.models, models)) {
        generation = nextGeneration(generation);
        wanted = { models, generation: String(generation) };
        for (const link of links.values()) link.apply(wanted);
      }
      if (!isDeepStrictEqual(before.resilience.breaker, next.resilience.breaker)) {
        for (const { endpoint } of links.values()) endpoint.setBreaker(next.resilience.breaker);
      }
    },

    missing: () =>
      preparing
        ? ["the TensorFlow library is not there yet"]
        : missing({
            models: config.models,
            readyWorkers: connected().length,
            model: (name) => registry.model(name),
            counts: (endpoint) => endpoint.ready && registry.generationOf(endpoint) >= generation,
          }),

    applied: () => connected().every(({ endpoint }) => registry.generationOf(endpoint) >= generation),

    decided: (name) => connected().length > 0 && connected().every(({ endpoint }) => registry.decided(endpoint, name)),

    async until(condition, signal) {
      for (let seen = changes.count; !condition(); seen = changes.count) {
        if (await changes.after(seen, NO_DEADLINE, signal)) continue;
        throw new InferenceError("CANCELLED", "the client has given up");
      }
    },

    onChange(listener) {
      changes.subscribe(listener);
    },

    workers: () => {
      const remote = first.workers.endpoints.map((name) => ({ name, pid: undefined, restarts: 0 }));
      const local = supervisor.facts().map((facts) => ({ ...facts, name: workerName(facts) }));
      return Promise.all(
        [...local, ...remote].map(async ({ name, pid, restarts }): Promise<PoolWorker> => {
          const endpoint = links.get(name)?.endpoint;
          return {
            name,
            pid,
            restarts,
            ready: endpoint?.ready ?? false,
            breaker: endpoint?.breakerState,
            inFlight: endpoint?.inFlight ?? 0,
            residentBytes: pid === undefined ? undefined : await residentBytes(pid),
            modelBytes: endpoint === undefined ? 0 : registry.memoryBytesOf(endpoint),
          };
        }),
      );
    },

    drain,

    async close(limitMs = 5_000) {
      drain();
      await supervisor.close(limitMs);
      for (const link of links.values()) link.close();
    },
  };
}

function retries(models: readonly ModelConfig[]): ReadonlyMap<ModelName, boolean> {
  return new Map(models.map(({ name, retry }) => [name, retry]));
}

/** Grows from set to set, and from one gateway to the next: a worker may outlive the gateway that it knew first. */
function nextGeneration(last: bigint): bigint {
  const now = BigInt(Date.now());
  return now > last ? now : last + 1n;
}
