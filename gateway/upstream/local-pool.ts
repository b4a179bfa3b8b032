import type { Config } from "../../config/index.ts";
import type { Logger } from "../../core/index.ts";
import type { LoadTry } from "../observe/index.ts";
import { createBalancer } from "./balance/index.ts";
import type { Changes } from "./changes.ts";
import type { PingConfig } from "./lines.ts";
import { Members } from "./members.ts";
import type { PoolModels } from "./models-by-pool.ts";
import type { OnePool } from "./one-pool.ts";
import { type PoolWorker, poolWorker } from "./pool-worker.ts";
import { missing } from "./readiness.ts";
import { createSend } from "./send.ts";
import { type PlaceEvents, type WorkerPlaces, workerName } from "./supervisor.ts";
import { wantedModels } from "./wanted-models.ts";
import { WorkerWatch } from "./worker-watch.ts";

export interface LocalPoolOptions {
  readonly config: Config;
  readonly models: PoolModels;
  readonly places: (events: PlaceEvents) => WorkerPlaces;
  readonly prepared?: Promise<unknown> | undefined;
  readonly changes: Changes;
  readonly log: Logger;
  readonly onLoadTried?: ((load: LoadTry) => void) | undefined;
  readonly ping?: PingConfig | undefined;
  readonly silentMs: number;
}

/** The workers of `workers:`, on this machine or elsewhere. */
export interface LocalPool extends OnePool {
  /** Takes over models and resilience; nothing in flight is touched. */
  apply(models: PoolModels, config: Config): void;
  /** One row a place, asked of the system at this moment. */
  workers(): Promise<PoolWorker[]>;
  /** Starts no process any more; calls in flight go on. */
  drain(): void;
  /** Ends all worker processes, by force after `limitMs`; nothing of the pool is left behind. */
  close(limitMs: number): Promise<void>;
}

/**
 * Starts `config.workers.count` local processes and keeps them, or connects to `config.workers.endpoints`. The creator
 * closes the pool.
 */
export function createLocalPool(options: LocalPoolOptions): LocalPool {
  const { config: first, models, places, prepared, changes, log, onLoadTried, ping, silentMs } = options;
  const { count, endpoints } = first.workers;
  let own = models.own;
  const members = new Members({
    isOwn: true,
    watch: (watch) => new WorkerWatch(watch),
    wanted: wantedModels({ ...first, models: models.all }),
    breaker: first.resilience.breaker,
    changes,
    log,
    onLoadTried,
    ping: () => ping,
    silentMs,
  });
  const { registry } = members;

  const supervisor = places({
    onStarted(slot) {
      const name = workerName(slot);
      members.open(name, `unix:${slot.socketPath}`, {
        isElsewhere: false,
        onReady: () => {
          supervisor.markReady(slot);
          log.info({ worker: name, workerPid: supervisor.pidOf(slot) }, "worker is up");
        },
        onSilent: () => {
          log.error({ worker: name, silentMs }, "worker hangs, killing it");
          supervisor.kill(slot);
        },
      });
    },
    onEnded: (slot) => members.close(workerName(slot)),
  });
  for (const address of endpoints) {
    const link = members.open(address, address, {
      isElsewhere: true,
      onReady: () => log.info({ worker: address }, "worker is up"),
      onSilent: (reason) => {
        log.warn({ worker: address, silentMs, reason }, "worker is away");
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

  /** Where all models are in other pools, nobody waits for workers that are not meant to be. */
  const isUnused = (): boolean => count === 0 && endpoints.length === 0 && own.length === 0;

  return {
    registry,
    send: createSend(registry, { pick: createBalancer({ by: "leastLoaded" }) }),

    apply(next, config) {
      own = next.own;
      members.apply(wantedModels({ ...config, models: next.all }), config.resilience.breaker);
    },

    missing(of) {
      if (isUnused()) return [];
      if (preparing) return ["the TensorFlow library is not there yet"];
      return missing({
        models: of === undefined ? own : own.filter(({ name }) => name === of),
        readyWorkers: members.connected().length,
        model: (name) => registry.model(name),
        counts: (endpoint) => endpoint.ready && members.isUpToDate(endpoint),
      });
    },

    applied: () => members.applied(),
    decided: (name) => members.decided(name),

    workers: () => {
      const remote = endpoints.map((name) => ({ name, pid: undefined, restarts: 0 }));
      const local = supervisor.facts().map((facts) => ({ ...facts, name: workerName(facts) }));
      return Promise.all([...local, ...remote].map((place) => poolWorker(members, place)));
    },

    drain: () => supervisor.stopRestarts(),

    async close(limitMs) {
      supervisor.stopRestarts();
      await supervisor.close(limitMs);
      members.closeAll();
    },
  };
}
