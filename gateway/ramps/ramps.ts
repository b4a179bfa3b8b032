import type { Config } from "../../config/index.ts";
import { InferenceError, type Logger } from "../../core/index.ts";
import type { StateDocument } from "../state/index.ts";
import { obey, type RampCommand } from "./command.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { type Kept, readKept, writeKept } from "./kept.ts";
import { Ramp } from "./ramp.ts";
import { firstState } from "./ramp-state.ts";
import { rampsPage } from "./ramps-page.ts";
import { type ArmReport, countsOf } from "./report.ts";
import type { RampStatus } from "./status.ts";
import { hasRamp, type RampRoute, withPercents } from "./weights.ts";

export interface RampsOptions {
  readonly store: StateDocument;
  /** What the gateway has counted up to now, in all of its processes; undefined: nothing is known yet. */
  readonly report: () => Promise<ArmReport | undefined>;
  readonly log: Logger;
  /** The weights have changed: {@link Ramps.weigh} wants to be applied again. */
  readonly changed: () => void;
  /** The clock on the wall. */
  readonly now?: () => number;
}

/** The ramps of a configuration's routes. Whoever makes them closes them. */
export interface Ramps {
  /** The configuration with the weights of this moment. From now on its ramps are the ones that are watched. */
  weigh(config: Config): Config;
  status(): readonly RampStatus[];
  /** NOT_FOUND for a route without a ramp, FAILED_PRECONDITION for what makes no sense in its phase. */
  act(route: string, command: RampCommand): RampStatus;
  /** The state as metrics, in the text format of Prometheus. */
  page(): string;
  close(): void;
}

/** Time that a gateway which is killed forgets of a step at most. */
const SAVE_MS = 30_000;

/** Between two looks at the arms. */
const LEAST_MS = 20;
const MOST_MS = 1000;

export function createRamps({ store, report, log, changed, now = Date.now }: RampsOptions): Ramps {
  /** Of earlier processes, and not yet claimed by a route. */
  let kept = readKept(store, (route) =>
    log.warn(route === undefined ? {} : { route }, "what was kept of ramps cannot be read: they begin anew"),
  );
  /** By route, in the order of the configuration. */
  let ramps = new Map<string, Ramp>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let isFirst = true;
  let savedMs = now();

  const save = (): void => {
    savedMs = now();
    writeKept(store, new Map(Array.from(ramps, ([route, { fingerprint, state }]) => [route, { fingerprint, state }])));
  };
  /** Looks again in a while, for as long as some ramp can change. */
  const schedule = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (closed) return;
    const waits = Array.from(ramps.values(), (ramp) => ramp.waitMs()).filter((wait) => wait !== undefined);
    if (waits.length === 0) return;
    timer = setTimeout(() => void look(), Math.min(Math.max(Math.min(...waits), LEAST_MS), MOST_MS)).unref();
  };
  const look = async (): Promise<void> => {
    let counted: ArmReport | undefined;
    try {
      counted = await report();
    } catch (thrown) {
      log.error({ err: thrown }, "the figures of ramps cannot be had");
      return schedule();
    }
    if (closed) return;
    if (counted === undefined) return schedule();
    const percents = Array.from(ramps.values(), ({ percent }) => percent);
    const absent = new Set(counted.unavailable);
    const seen = { countsOf: countsOf(counted), isThere: (route: string): boolean => !absent.has(route) };
    const moved = [...ramps.values()].filter((ramp) => ramp.look(seen, now(), log));
    if (moved.length > 0 || Math.abs(now() - savedMs) >= SAVE_MS) save();
    if ([...ramps.values()].some(({ percent }, i) => percent !== percents[i])) changed();
    schedule();
  };

  /** The state that a route goes on with: of its name, or of one that was moved or renamed meanwhile. */
  const takeOver = (routes: readonly RampRoute[], config: Config): Map<string, Ramp> => {
    const known = new Map<string, Kept>([...kept, ...ramps]);
    kept = new Map();
    const prints = new Map(routes.map((route) => [route.name, fingerprintOf(route, config)]));
    const unclaimed = new Map([...known].filter(([name, { fingerprint }]) => prints.get(name) !== fingerprint));
    const claim = (name: string, fingerprint: string): Kept | undefined => {
      if (known.get(name)?.fingerprint === fingerprint) return known.get(name);
      const moved = [...unclaimed].find(([, each]) => each.fingerprint === fingerprint);
      unclaimed.delete(moved?.[0] ?? "");
      return moved?.[1];
    };
    return new Map(
      routes.map((route) => {
        const fingerprint = prints.get(route.name) as string;
        const former = ramps.get(route.name);
        if (former?.fingerprint === fingerprint) return [route.name, former.in(route)];
        const state = claim(route.name, fingerprint)?.state;
        const isKnown = state !== undefined && state.step < route.ramp.steps.length;
        const ramp = new Ramp(route, fingerprint, isKnown ? state : firstState(route.ramp, now()));
        ramp.tell(log, isKnown ? "ramp goes on where it was" : "ramp begins");
        return [route.name, ramp];
      }),
    );
  };

  return {
    weigh(config) {
      const routes = config.routes.filter(hasRamp);
      if (routes.length === 0 && ramps.size === 0 && kept.size === 0) return config;
      const before = [...ramps];
      ramps = takeOver(routes, config);
      const isSame = before.length === ramps.size && before.every(([name, ramp]) => ramps.get(name) === ramp);
      if (!isSame || isFirst) save();
      isFirst = false;
      schedule();
      return withPercents(config, ({ name }) => ramps.get(name)?.percent ?? 0);
    },
    status: () => Array.from(ramps.values(), (ramp) => ramp.status()),
    act(route, command) {
      const ramp = ramps.get(route);
      if (ramp === undefined) {
        const names = ramps.size === 0 ? "no route has one" : `expected one of ${[...ramps.keys()].join(", ")}`;
        throw new InferenceError("NOT_FOUND", `no route with a ramp is called "${route}": ${names}`);
      }
      const { percent } = ramp;
      const state = obey(ramp.state, ramp.route.ramp, command, now());
      if (state !== ramp.state) {
        ramp.become(state, log, command === "restart" ? "ramp begins anew" : undefined);
        save();
        if (ramp.percent !== percent) changed();
        schedule();
      }
      return ramp.status();
    },
    page: () => rampsPage([...ramps.values()].map((ramp) => ramp.status())),
    close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      if (ramps.size > 0) save();
    },
  };
}
