import type { ChildProcess } from "node:child_process";
import type { WorkersConfig } from "../../config/index.ts";
import type { Logger } from "../../core/index.ts";
import { type Life, quickDeathsAfter, RESTART_RULE, type RestartRule, restartDelayMs } from "./restart-rule.ts";
import { createSocketFolder, type SocketFolder } from "./socket-folder.ts";

/** What a worker is started with. */
export interface WorkerSlot {
  /** Counts from 0; the same for all processes that follow each other in a place. */
  readonly index: number;
  /** Where the process listens; used by this process only. */
  readonly socketPath: string;
  /** The CUDA_VISIBLE_DEVICES value of the place; undefined: the environment's. */
  readonly device: string | undefined;
}

/** Starts the process of a slot. It must end by itself when its parent dies; what it prints is its own affair. */
export type Launch = (slot: WorkerSlot) => ChildProcess;

export interface SupervisorOptions {
  readonly count: number;
  /** Given to the places round robin; may be empty. */
  readonly devices: readonly string[];
  readonly launch: Launch;
  readonly log: Logger;
  readonly onStarted: (slot: WorkerSlot) => void;
  readonly onEnded: (slot: WorkerSlot) => void;
  readonly rule?: RestartRule;
}

/** What logs and metrics call the worker of a place. */
export function workerName({ index }: Pick<WorkerSlot, "index">): string {
  return `worker-${index}`;
}

/** One place of the pool, for metrics. */
export interface WorkerFacts {
  readonly index: number;
  /** Undefined between two processes. */
  readonly pid: number | undefined;
  /** Processes started after the first one. */
  readonly restarts: number;
}

/** What a pool asks of the places of local workers, whichever process keeps them. */
export interface WorkerPlaces {
  /** Tells of each process from now on. */
  start(): void;
  facts(): WorkerFacts[];
  /** Undefined once the process of the slot has ended. */
  pidOf(slot: WorkerSlot): number | undefined;
  /** The process of the slot has shown that it works: its death will not count as a failed start. */
  markReady(slot: WorkerSlot): void;
  /** Ends the process of the slot at once; the next one is started as after any death. */
  kill(slot: WorkerSlot): void;
  /** No process is started any more; those that run go on. */
  stopRestarts(): void;
  /** Asks all processes to end (SIGTERM), kills those that are still there after `limitMs`, resolves when none is left. */
  close(limitMs: number): Promise<void>;
}

export type PlaceEvents = Pick<SupervisorOptions, "onStarted" | "onEnded">;

/** Keeps the local workers that a configuration asks for below this process. */
export function ownPlaces(
  { count, devices }: Pick<WorkersConfig, "count" | "devices">,
  launch: Launch,
  log: Logger,
): (events: PlaceEvents) => WorkerPlaces {
  return (events) => new Supervisor({ ...events, count, devices, launch, log });
}

/** Keeps `count` worker processes alive. Whoever starts it closes it; until then none stays dead for long. */
export class Supervisor implements WorkerPlaces {
  readonly #options: SupervisorOptions;
  /** Made for the first process, so that a gateway that is killed before has nothing to leave behind. */
  #sockets: SocketFolder | undefined;
  readonly #places: Place[];
  #closing = false;
  readonly #killAll = (): void => {
    for (const { life } of this.#places) life?.child.kill("SIGKILL");
    this.#sockets?.removeAll();
  };

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#places = Array.from({ length: options.count }, (_, index) => ({
      index,
      device: options.devices[index % options.devices.length],
      quickDeaths: 0,
      restarts: 0,
      life: undefined,
      timer: undefined,
    }));
  }

  start(): void {
    if (this.#closing) return;
    // The last resort of a gateway that ends without closing; a killed one relies on the workers' own watch.
    process.once("exit", this.#killAll);
    for (const place of this.#places) this.#launch(place);
  }

  facts(): WorkerFacts[] {
    return this.#places.map(({ index, life, restarts }) => ({ index, pid: life?.child.pid, restarts }));
  }

  pidOf(slot: WorkerSlot): number | undefined {
    const life = this.#places[slot.index]?.life;
    return life?.slot === slot ? life.child.pid : undefined;
  }

  markReady(slot: WorkerSlot): void {
    const life = this.#places[slot.index]?.life;
    if (life?.slot === slot) life.wasReady = true;
  }

  kill(slot: WorkerSlot): void {
    const life = this.#places[slot.index]?.life;
    if (life?.slot === slot) life.child.kill("SIGKILL");
  }

  async close(limitMs: number): Promise<void> {
    this.stopRestarts();
    const lives = this.#places.flatMap(({ life }) => life ?? []);
    for (const { child } of lives) child.kill("SIGTERM");
    const killer = setTimeout(() => {
      for (const life of lives) {
        const { child, slot } = life;
        if (this.#places[slot.index]?.life !== life) continue;
        this.#options.log.warn(
          { worker: workerName(slot), workerPid: child.pid },
          "the worker has not ended in time, killing it",
        );
        child.kill("SIGKILL");
      }
    }, limitMs);
    await Promise.all(lives.map(({ ended }) => ended));
    clearTimeout(killer);
    process.off("exit", this.#killAll);
    this.#sockets?.removeAll();
  }

  stopRestarts(): void {
    this.#closing = true;
    for (const { timer } of this.#places) clearTimeout(timer);
  }

  #launch(place: Place): void {
    const { launch, log, onStarted } = this.#options;
    this.#sockets ??= createSocketFolder();
    const slot = { index: place.index, socketPath: this.#sockets.next(place.index), device: place.device };
    let child: ChildProcess;
    try {
      child = launch(slot);
    } catch (error) {
      log.error({ worker: workerName(place), err: error }, "worker cannot be started");
      return this.#restart(place, { lastedMs: 0, wasReady: false });
    }
    const life: ProcessLife = { slot, child, ended: endOf(child), startedMs: performance.now(), wasReady: false };
    place.life = life;
    void this.#afterDeath(place, life);
    log.info({ worker: workerName(place), workerPid: child.pid }, "worker started");
    onStarted(slot);
  }

  async #afterDeath(place: Place, life: ProcessLife): Promise<void> {
    const { slot, child, startedMs } = life;
    const how = await life.ended;
    const { wasReady } = life;
    place.life = undefined;
    this.#sockets?.remove(slot.socketPath);
    this.#options.onEnded(slot);
    if (this.#closing) return;
    const lastedMs = Math.round(performance.now() - startedMs);
    this.#options.log.error({ worker: workerName(place), workerPid: child.pid, how, lastedMs }, "worker died");
    this.#restart(place, { lastedMs, wasReady });
  }

  #restart(place: Place, life: Life): void {
    const { rule = RESTART_RULE, log } = this.#options;
    place.quickDeaths = quickDeathsAfter(rule, life, place.quickDeaths);
    place.restarts++;
    const delayMs = restartDelayMs(rule, place.quickDeaths);
    if (delayMs > 0)
      log.warn({ worker: workerName(place), delayMs }, "worker dies young, waiting before its next start");
    place.timer = setTimeout(() => this.#launch(place), delayMs);
  }
}

interface Place {
  readonly index: number;
  readonly device: string | undefined;
  /** In a row. */
  quickDeaths: number;
  restarts: number;
  life: ProcessLife | undefined;
  timer: NodeJS.Timeout | undefined;
}

interface ProcessLife {
  readonly slot: WorkerSlot;
  readonly child: ChildProcess;
  /** Resolves to how it ended. */
  readonly ended: Promise<string>;
  readonly startedMs: number;
  wasReady: boolean;
}

/** How the process ended, in words; also when it could not be started at all. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(signal === null ? `exit status ${code}` : `killed by ${signal}`));
    // An error of a process that was started (a lost message, say) is not its end.
    child.on("error", (error) => {
      if (child.pid === undefined) resolve(error.message);
    });
  });
}
