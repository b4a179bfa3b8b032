import cluster from "node:cluster";
import { setTimeout as sleep } from "node:timers/promises";
import { type Driven, replyTo } from "../control/index.ts";
import { workersShareMs } from "../end-limits.ts";
import type { Gateway, GatewayOptions } from "../gateway.ts";
import { newestFirst, type ShadowSample } from "../shadowing/index.ts";
import { quickDeathsAfter, RESTART_RULE, restartDelayMs, type WorkerSlot } from "../upstream/index.ts";
import { within } from "../within.ts";
import { ArmReports } from "./arm-reports.ts";
import { MemberLink, type Ports } from "./member-link.ts";
import type { ToPrimary } from "./messages.ts";

export interface ProcessesOptions extends Omit<GatewayOptions, "others"> {
  /** How many processes serve the ports. */
  readonly count: number;
  /** What starts a member: a program that calls `memberMain`. */
  readonly program: { readonly script: string; readonly args: readonly string[] };
}

const SAMPLES_MS = 1000;

/** A gateway of one process or several. */
export type RunningGateway = Pick<Gateway, "restPort" | "grpcPort" | "apply" | "shutDown"> & Driven;

/**
 * Starts a gateway of several processes that take turns in accepting connections (`node:cluster`), in front of the same
 * workers. This process keeps workers and members alive and passes on what they tell each other. Throws an Error that a
 * person can read when a port cannot be had. Whoever starts it shuts it down.
 */
export async function startProcesses(options: ProcessesOptions): Promise<RunningGateway> {
  const { count, program, prepared, log, control } = options;
  let { config } = options;
  /** By their places. */
  const members = new Map<number, MemberLink>();
  const reports = new ArmReports();
  const slots = new Map<number, WorkerSlot>();
  /** By the socket of a worker: those that have not heard of it for too long. */
  const unheard = new Map<string, Set<MemberLink>>();
  let arePrepared = false;
  let ending = false;

  const tellPlaces = (to: Iterable<MemberLink> = members.values()): void => {
    if (!arePrepared) return;
    const all = places.facts().map((facts) => ({ ...facts, slot: slots.get(facts.index) }));
    for (const member of to) member.send({ is: "places", places: all });
  };
  const places = options.places({
    onStarted(slot) {
      slots.set(slot.index, slot);
      tellPlaces();
    },
    onEnded({ index, socketPath }) {
      slots.delete(index);
      unheard.delete(socketPath);
      tellPlaces();
    },
  });
  const slotAt = (path: string): WorkerSlot | undefined => [...slots.values()].find((slot) => slot.socketPath === path);
  const othersThan = (member: MemberLink): MemberLink[] => [...members.values()].filter((each) => each !== member);

  const take = async (member: MemberLink, message: ToPrimary): Promise<void> => {
    switch (message.is) {
      case "heard": {
        unheard.get(message.socketPath)?.delete(member);
        const slot = slotAt(message.socketPath);
        if (slot !== undefined) places.markReady(slot);
        return;
      }
      case "silent": {
        const silent = (unheard.get(message.socketPath) ?? new Set()).add(member);
        unheard.set(message.socketPath, silent);
        const slot = slotAt(message.socketPath);
        // If only one process has not heard of it, that process may be at fault itself.
        if (slot !== undefined && othersThan(member).every((each) => silent.has(each))) places.kill(slot);
        return;
      }
      case "question": {
        const reply = await replyTo(control, message.question, log);
        return member.send({ is: "answered", ask: message.ask, reply });
      }
      case "countAll": {
        const pages = await Promise.all(othersThan(member).map((other) => other.count(message.page)));
        return member.send({ is: "counted", ask: message.ask, pages: pages.filter((page) => page !== undefined) });
      }
      case "failed":
        return log.error({ memberPid: member.pid }, message.message);
      case "hears":
      case "listening":
      case "applied":
      case "counted":
      case "reported":
      case "sampled":
        return;
    }
  };

  cluster.setupPrimary({ exec: program.script, args: [...program.args], serialization: "advanced" });
  const start = async (index: number): Promise<Ports> => {
    const member: MemberLink = new MemberLink(
      () => config,
      (message) => void take(member, message),
    );
    members.set(index, member);
    const ports = await member.listening();
    tellPlaces([member]);
    return ports;
  };
  /** Starts a member anew whenever the one in its place has ended, as workers are. */
  const keep = async (index: number): Promise<void> => {
    let quickDeaths = 0;
    for (let member = members.get(index); member !== undefined; member = members.get(index)) {
      const how = await member.ended;
      members.delete(index);
      reports.ended(member);
      if (ending) return;
      const life = { lastedMs: Math.round(performance.now() - member.startedMs), wasReady: member.wasReady };
      log.error({ memberPid: member.pid, how, ...life }, "a process of the gateway died");
      quickDeaths = quickDeathsAfter(RESTART_RULE, life, quickDeaths);
      await sleep(restartDelayMs(RESTART_RULE, quickDeaths), undefined, { ref: false });
      if (ending) return;
      start(index).catch((thrown: unknown) => log.error({ err: thrown }, "a process of the gateway cannot start"));
    }
  };
  const startPlaces = async (): Promise<void> => {
    try {
      await prepared;
    } catch {
      return; // Told by whoever prepares.
    }
    if (ending) return;
    arePrepared = true;
    places.start();
    tellPlaces();
  };
  /** Kills what is left of the members after `limitMs`. */
  const allEnded = async (limitMs: number): Promise<void> => {
    ending = true;
    const left = [...members.values()];
    const killer = setTimeout(() => {
      for (const member of left) member.kill();
    }, limitMs);
    await Promise.all(left.map(({ ended }) => ended));
    clearTimeout(killer);
  };

  let ports: Ports;
  try {
    [ports] = (await Promise.all(Array.from({ length: count }, (_, index) => start(index)))) as [Ports];
  } catch (thrown) {
    await allEnded(0);
    throw thrown;
  }
  for (const index of members.keys()) void keep(index);
  void startPlaces();
  return {
    ...ports,
    async apply(next, awaited) {
      config = next;
      await Promise.all([...members.values()].map((member) => member.apply(next, awaited)));
    },
    report: () => reports.of([...members.values()].filter(({ wasReady }) => wasReady)),
    async samples() {
      const all: ShadowSample[] = [];
      const ready = [...members.values()].filter(({ wasReady }) => wasReady);
      const gathering = ready.map(async (member) => void all.push(...(await member.samples())));
      // One that hangs has nothing to say.
      await within(SAMPLES_MS, Promise.all(gathering));
      return newestFirst(all);
    },
    async shutDown(limitMs) {
      const workersMs = workersShareMs(limitMs);
      places.stopRestarts();
      for (const member of members.values()) member.send({ is: "shutDown", limitMs: limitMs - workersMs });
      await allEnded(limitMs - workersMs);
      await places.close(workersMs);
    },
  };
}
