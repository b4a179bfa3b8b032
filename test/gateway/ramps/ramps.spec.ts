import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Config } from "../../../config/index.ts";
import { silentLogger, type Version } from "../../../core/index.ts";
import { createRamps, type Ramps } from "../../../gateway/ramps/index.ts";
import type { StateDocument } from "../../../gateway/state/index.ts";
import { configWith, type Had, reportOf } from "./setup.ts";

const MINUTE = 60_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A gateway as ramps see it, over what earlier ones have kept. */
class Gateway {
  base: Config;
  arms: Readonly<Record<string, Had>> = {};
  unavailable: readonly string[] = [];
  applied: readonly number[] = [];
  readonly ramps: Ramps;

  constructor(base: Config, store: StateDocument = memory()) {
    this.base = base;
    this.ramps = createRamps({
      store,
      report: () => Promise.resolve(reportOf(this.arms, this.unavailable)),
      log: silentLogger,
      changed: () => this.apply(),
    });
    this.apply();
  }

  apply(base: Config = this.base): void {
    this.base = base;
    this.applied = weightsOf(this.ramps.weigh(base));
  }

  /** Both arms are asked evenly for a while. */
  async traffic(minutes: number, errors: { readonly new: number } = { new: 0 }): Promise<void> {
    for (let second = 0; second < minutes * 60; second++) {
      const { old = { requests: 0 }, new: arm = { requests: 0, errors: 0 } } = this.arms;
      this.arms = {
        old: { requests: old.requests + 10 },
        new: { requests: arm.requests + 10, errors: (arm.errors ?? 0) + errors.new },
      };
      await vi.advanceTimersByTimeAsync(1000);
    }
  }

  get phase(): string {
    const [ramp] = this.ramps.status();
    return `${ramp?.phase} ${ramp?.step}/${ramp?.steps} ${ramp?.percent}%`;
  }
}

function weightsOf({ routes }: Config): number[] {
  return routes.flatMap(({ action }) => (action.by === "split" ? action.arms.map(({ weight }) => weight) : []));
}

/** What a file would be: only what JSON can hold. */
function memory(text?: string): StateDocument & { text: string | undefined } {
  return {
    file: undefined,
    text,
    read() {
      return this.text === undefined ? undefined : (JSON.parse(this.text) as unknown);
    },
    write(value) {
      this.text = JSON.stringify(value);
      return true;
    },
  };
}

test("weights move step by step, and the last step stays", async () => {
  const gateway = new Gateway(configWith());
  expect([gateway.phase, gateway.applied]).toEqual(["running 1/3 5%", [95, 5]]);
  await gateway.traffic(10.1);
  expect([gateway.phase, gateway.applied]).toEqual(["running 2/3 50%", [50, 50]]);
  await gateway.traffic(10.1);
  expect([gateway.phase, gateway.applied]).toEqual(["done 3/3 100%", [0, 100]]);
  expect(vi.getTimerCount()).toBe(1);
  await gateway.traffic(1.1);
  expect(vi.getTimerCount()).toBe(0);
});

test("an arm that fails loses all, and its status says why and with which figures", async () => {
  const gateway = new Gateway(configWith());
  await gateway.traffic(1);
  await gateway.traffic(0.1, { new: 5 });
  expect([gateway.phase, gateway.applied]).toEqual(["rolledBack 1/3 0%", [100, 0]]);
  const [status] = gateway.ramps.status();
  expect(status?.reason).toMatch(/^of \d+ requests of new .*% failed/);
  expect(status?.figures?.arm.errorPercent).toBeGreaterThan(0);
  expect(status?.figures?.baseline.errorPercent).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("one bad minute of a step long ago is no breach of the next one's guard", async () => {
  const gateway = new Gateway(configWith({ guard: { onBreach: "pause" } }));
  await gateway.traffic(1);
  await gateway.traffic(0.1, { new: 5 });
  expect(gateway.phase).toBe("paused 1/3 5%");
  gateway.ramps.act("canary", "resume");
  await gateway.traffic(8);
  expect(gateway.phase).toBe("running 1/3 5%");
  await gateway.traffic(2);
  expect(gateway.phase).toBe("running 2/3 50%");
});

test("commands move weights at once, and are refused for a route that has no ramp", async () => {
  const gateway = new Gateway(configWith());
  expect(gateway.ramps.act("canary", "rollBack")).toMatchObject({ phase: "rolledBack", percent: 0, reason: "by hand" });
  expect(gateway.applied).toEqual([100, 0]);
  expect(gateway.ramps.act("canary", "restart")).toMatchObject({ phase: "running", percent: 5 });
  expect(gateway.applied).toEqual([95, 5]);
  expect(gateway.ramps.act("canary", "pause").until).toBeUndefined();
  await gateway.traffic(20);
  expect(gateway.phase).toBe("paused 1/3 5%");
  expect(() => gateway.ramps.act("canery", "pause")).toThrow(
    'no route with a ramp is called "canery": expected one of canary',
  );
});

test("a ramp waits for its arm", async () => {
  const gateway = new Gateway(configWith());
  gateway.unavailable = ["canary"];
  await gateway.traffic(30);
  expect(gateway.phase).toBe("running 1/3 5%");
  gateway.unavailable = [];
  await gateway.traffic(10.1);
  expect(gateway.phase).toBe("running 2/3 50%");
});

test("the next process goes on where the last one was, and time between the two hardly counts", async () => {
  const store = memory();
  const first = new Gateway(configWith(), store);
  await first.traffic(15);
  first.ramps.close();
  expect(vi.getTimerCount()).toBe(0);

  vi.setSystemTime(Date.now() + 600 * MINUTE);
  const second = new Gateway(configWith(), store);
  expect([second.phase, second.applied]).toEqual(["running 2/3 50%", [50, 50]]);
  await second.traffic(4.5);
  expect(second.phase).toBe("running 2/3 50%");
  await second.traffic(0.7);
  expect(second.phase).toBe("done 3/3 100%");
});

test("a process that was killed loses half a minute of its step at most", async () => {
  const store = memory();
  await new Gateway(configWith(), store).traffic(5);
  vi.clearAllTimers();
  const second = new Gateway(configWith(), store);
  await second.traffic(5.6);
  expect(second.phase).toBe("running 2/3 50%");
});

test("rolled back it stays, over restarts, other weights and a route's new name and place", async () => {
  const store = memory();
  new Gateway(configWith(), store).ramps.act("canary", "rollBack");
  const second = new Gateway(configWith(), store);
  expect(second.phase).toBe("rolledBack 1/3 0%");
  second.apply(
    configWith(
      {},
      {
        split: [
          { name: "old", label: "stable", weight: 7 },
          { name: "new", label: "canary" },
        ],
      },
    ),
  );
  expect(second.phase).toBe("rolledBack 1/3 0%");
  second.apply(configWith({}, { name: "renamed" }));
  expect(second.phase).toBe("rolledBack 1/3 0%");
  expect(second.ramps.status()[0]?.route).toBe("renamed");
});

for (const { name, changed } of [
  { name: "other steps", changed: configWith({ steps: [{ percent: "20%" }] }) },
  { name: "another guard", changed: configWith({ guard: { minRequests: 5 } }) },
  {
    name: "another target",
    changed: configWith(
      {},
      {
        split: [
          { name: "old", label: "stable", weight: 1 },
          { name: "new", label: "canary", signature: "other" },
        ],
      },
    ),
  },
  { name: "another version behind the arm's label", changed: relabelled("canary", 3n) },
]) {
  test(`${name} begin a ramp anew`, () => {
    const gateway = new Gateway(configWith());
    gateway.ramps.act("canary", "rollBack");
    gateway.apply(changed);
    expect(gateway.phase).toMatch(/^(running|done) 1/);
  });
}

test("another version behind the baseline's label changes nothing", () => {
  const gateway = new Gateway(configWith());
  gateway.ramps.act("canary", "rollBack");
  gateway.apply(relabelled("stable", 3n));
  expect(gateway.phase).toBe("rolledBack 1/3 0%");
});

test("a ramp that was removed is forgotten, and other routes stay as they are", () => {
  const gateway = new Gateway(configWith());
  gateway.ramps.act("canary", "rollBack");
  const without = { ...configWith(), routes: [] };
  expect(gateway.ramps.weigh(without).routes).toEqual([]);
  expect(gateway.ramps.status()).toEqual([]);
  expect(gateway.ramps.weigh(without)).toBe(without);
  gateway.apply(configWith());
  expect(gateway.phase).toBe("running 1/3 5%");
});

for (const damaged of ['"what"', '{"ramps":[]}', '{"ramps":{"canary":{"fingerprint":"x"}}}', "[]", "{}"]) {
  test(`a state like ${damaged} is forgotten with a warning`, () => {
    const warned = vi.spyOn(silentLogger, "warn");
    const gateway = new Gateway(configWith(), memory(damaged));
    expect(gateway.phase).toBe("running 1/3 5%");
    expect(warned).toHaveBeenCalledWith(expect.anything(), "what was kept of ramps cannot be read: they begin anew");
  });
}

test("a page of metrics names share and phase", () => {
  const { ramps } = new Gateway(configWith());
  expect(ramps.page()).toContain('tensorgate_ramp_ratio{route="canary",arm="new"} 0.05\n');
  expect(ramps.page()).toContain('tensorgate_ramp_phase{route="canary",phase="running"} 1\n');
  expect(ramps.page()).toContain('tensorgate_ramp_phase{route="canary",phase="rolled_back"} 0\n');
});

function relabelled(label: string, version: bigint): Config {
  const config = configWith();
  const models = config.models.map((model) => ({
    ...model,
    labels: new Map([...model.labels, [label, version as Version]]),
  }));
  return { ...config, models };
}
