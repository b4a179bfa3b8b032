import { Registry } from "prom-client";
import { afterEach, describe, expect, test } from "vitest";
import { type Config, parseConfigText } from "../../../config/index.ts";
import { InferenceError, modelName, version } from "../../../core/index.ts";
import type { Answer, InferenceCall, RoutedCall, Servable } from "../../../gateway/call.ts";
import { ShadowMetrics } from "../../../gateway/observe/index.ts";
import { compileRoutes, type Decision, decide } from "../../../gateway/routing/index.ts";
import { armByKey } from "../../../gateway/routing/split.ts";
import { createShadowing, type Shadowing } from "../../../gateway/shadowing/index.ts";
import { dtypeNamed, packedTensor } from "../../../tensor/index.ts";
import { createLatch } from "../setup/latch.ts";
import { memoryLog } from "../setup/log.ts";
import { aCall } from "../upstream/calls.ts";
import { configured } from "../upstream/reports.ts";

type Json = Readonly<Record<string, unknown>>;

const MODELS = [configured("m", { stable: 1 })];

function routesOf(...routes: readonly Json[]): Config["routes"] {
  const whole = routes.map((route) => ({ match: { model: "m" }, to: [{ version: 1 }], ...route }));
  return parseConfigText(JSON.stringify({ routes: whole }), "routes.yaml", { models: MODELS }).routes;
}

function servable(number: number): Servable {
  return {
    name: modelName("m"),
    version: version(number),
    signatures: new Map(),
    signatureDefMap: new Uint8Array(),
    merging: new Map(),
  };
}

function answer(number: number, ...values: readonly number[]): Answer {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  const outputs = new Map([["y", packedTensor(dtypeNamed("float"), [values.length], bytes)]]);
  const target = servable(number);
  return { target, arm: "", content: { is: "outputs", spec: { ...target, signature: "s" }, outputs } };
}

interface Rig {
  readonly shadowing: Shadowing;
  readonly sent: RoutedCall[];
  readonly lines: readonly Json[];
  /** What the shadow's target does. */
  send: (routed: RoutedCall) => Promise<Answer>;
  decide(draft?: Parameters<typeof aCall>[0] & { readonly random?: number }): Decision;
  /** A call that its own target answers. */
  call(draft?: Parameters<Rig["decide"]>[0], own?: Promise<Answer>): Promise<Answer | undefined>;
  apply(routes: Config["routes"]): void;
  outcomes(): Promise<Record<string, number>>;
  page(): Promise<string>;
}

const rigs: Rig[] = [];
afterEach(async () => {
  await Promise.all(rigs.splice(0).map(({ shadowing }) => shadowing.close()));
});

function createRig(routes: Config["routes"], random: () => number = Math.random): Rig {
  let table = compileRoutes({ models: MODELS, routes });
  const registry = new Registry();
  const { log, lines } = memoryLog();
  const shadowing = createShadowing({
    routes,
    servableOf: (_call, { choice }) => (choice.by === "version" && choice.version === 9n ? undefined : servable(2)),
    send(routed) {
      rig.sent.push(routed);
      return rig.send(routed);
    },
    metrics: new ShadowMetrics(registry),
    log,
    random,
  });
  const rig: Rig = {
    shadowing,
    sent: [],
    lines,
    send: async () => answer(2, 1),
    decide({ random: chance = 0, ...draft } = {}) {
      const call = aCall(draft);
      const body: InferenceCall["body"] = {
        ...call.body,
        inputBytes: () => Buffer.from(draft.text ?? ""),
        copy: () => body,
      };
      return decide(table, { ...call, body }, () => chance) as Decision;
    },
    async call(draft, own = Promise.resolve(answer(1, 1))) {
      const copies = shadowing.copiesOf(rig.decide(draft));
      return await (copies === undefined ? own : copies.after(own));
    },
    apply(next) {
      table = compileRoutes({ models: MODELS, routes: next });
      shadowing.apply(next);
    },
    async outcomes() {
      const all = await registry.getSingleMetric("tensorgate_shadow_requests_total")?.get();
      return Object.fromEntries((all?.values ?? []).map(({ labels, value }) => [String(labels["outcome"]), value]));
    },
    page: () => registry.metrics(),
  };
  rigs.push(rig);
  return rig;
}

const splitRoute = (percent: string): Json => ({
  name: "r",
  to: undefined,
  split: [
    { version: 1, weight: 50 },
    { version: 3, weight: 50 },
  ],
  sticky: { header: "x-user" },
  shadow: { version: 2, percent },
});

describe("which calls are copied", () => {
  test("a share of them, by chance, within the bounds of a binomial share", async () => {
    const rig = createRig(routesOf({ shadow: { version: 2, percent: "20%", maxInFlight: 100_000 } }));
    const calls = 10_000;
    let copied = 0;
    for (let i = 0; i < calls; i++) if (rig.shadowing.copiesOf(rig.decide()) !== undefined) copied++;
    expect(Math.abs(copied / calls - 0.2)).toBeLessThan(4 * Math.sqrt((0.2 * 0.8) / calls));
  });

  test("with a sticky key always the same ones, as many of each arm, and more of them when the share grows", () => {
    const chosen = (percent: string): Set<string> => {
      const rig = createRig(routesOf(splitRoute(percent)));
      const users = Array.from({ length: 4000 }, (_, i) => `user-${i}`);
      return new Set(users.filter((user) => rig.shadowing.copiesOf(rig.decide({ headers: { "x-user": user } }))));
    };
    const some = chosen("20%");
    expect(chosen("20%")).toEqual(some);
    expect(Math.abs(some.size / 4000 - 0.2)).toBeLessThan(4 * Math.sqrt((0.2 * 0.8) / 4000));
    const [stage] = compileRoutes({ models: MODELS, routes: routesOf(splitRoute("20%")) }).routes[0]?.stages ?? [];
    if (stage?.by !== "chance") throw new Error("the route has no split");
    const ofFirstArm = [...some].filter((user) => armByKey(stage.arms, user) === stage.arms[0]).length;
    expect(Math.abs(ofFirstArm / some.size - 0.5)).toBeLessThan(4 * Math.sqrt((0.5 * 0.5) / some.size));
    const more = chosen("30%");
    expect([...some].filter((user) => !more.has(user))).toEqual([]);
    expect(more.size).toBeGreaterThan(some.size);
  });

  test("each shadow draws for itself", async () => {
    const draws = [0.6, 0.1, 0.1, 0.6];
    const both = {
      shadow: [
        { version: 2, percent: "50%" },
        { version: 3, percent: "50%" },
      ],
    };
    const rig = createRig(routesOf(both), () => draws.shift() as number);
    await rig.call();
    await expect.poll(() => rig.sent).toHaveLength(1);
    await rig.call();
    await expect.poll(() => rig.sent).toHaveLength(2);
    expect(draws).toEqual([]);
  });
});

test("a copy is sent once its caller has been answered, with limits of its own", async () => {
  const rig = createRig(routesOf({ shadow: { version: 2, signature: "other", timeout: "5s" } }));
  const own = createLatch();
  const gaveUp = new AbortController();
  const calling = rig.call(
    { signal: gaveUp.signal, text: "asked" },
    own.opened.then(() => answer(1, 1)),
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(rig.sent).toEqual([]);
  own.open();
  expect(await calling).toMatchObject({ target: { version: 1n } });
  expect(rig.sent).toEqual([]);
  gaveUp.abort();
  await expect.poll(() => rig.sent).toHaveLength(1);
  const [{ call, target } = {} as RoutedCall] = rig.sent;
  expect(target.version).toBe(2n);
  expect(call.spec.signature).toBe("other");
  expect(call.signal.aborted).toBe(false);
  expect(call.deadline - performance.now()).toBeLessThanOrEqual(5000);
  expect(call.body.readsAnswer).toBe(true);
  await expect.poll(() => rig.outcomes()).toEqual({ equal: 1 });
});

describe("what becomes of a copy", () => {
  test("an answer that differs is kept as a sample, newest first, and 20 of them", async () => {
    const rig = createRig(routesOf({ name: "r", shadow: { name: "s", version: 2, samplesPerMinute: 3 } }));
    for (let i = 1; i <= 25; i++) {
      rig.send = async () => answer(2, 1 + i);
      await rig.call();
      await expect.poll(() => rig.outcomes()).toEqual({ different: i });
    }
    const samples = rig.shadowing.recent();
    expect(samples).toHaveLength(20);
    expect(samples[0]).toMatchObject({
      route: "r",
      target: "s",
      callerVersion: "m 1",
      copyVersion: "m 2",
      output: "y",
      maxAbsDifference: 25,
      rows: 1,
      disagreeingRows: 1,
      callerValues: "[1]",
      copyValues: "[26]",
    });
    expect(rig.lines.filter(({ msg }) => msg === "shadow answers differ")).toHaveLength(3);
  });

  test("a failure is told of, and nothing is tried again", async () => {
    const rig = createRig(routesOf({ shadow: { version: 2 } }));
    rig.send = async () => {
      throw new InferenceError("UNAVAILABLE", "gone", { retryable: true });
    };
    await rig.call();
    await expect.poll(() => rig.outcomes()).toEqual({ error: 1 });
    expect(rig.sent).toHaveLength(1);
    expect(rig.lines).toMatchObject([{ msg: "a shadow has not answered", code: "UNAVAILABLE", error: "gone" }]);
  });

  test("a caller's failure is passed on, and the copy is sent and compared with nothing", async () => {
    const rig = createRig(routesOf({ shadow: { version: 2 } }));
    await expect(rig.call({}, Promise.reject(new Error("own")))).rejects.toThrow("own");
    await expect.poll(() => rig.outcomes()).toEqual({ uncompared: 1 });
  });

  test("a request that both refuse is no failure of the shadow", async () => {
    const rig = createRig(routesOf({ shadow: { version: 2 } }));
    const refused = new InferenceError("INVALID_ARGUMENT", "wrong");
    rig.send = async () => {
      throw refused;
    };
    await expect(rig.call({}, Promise.reject(refused))).rejects.toThrow("wrong");
    await expect.poll(() => rig.outcomes()).toEqual({ uncompared: 1 });
    expect(rig.lines).toEqual([]);
  });

  test("a target that nobody serves is an error", async () => {
    const rig = createRig(routesOf({ shadow: { version: 9 } }));
    await rig.call();
    await expect.poll(() => rig.outcomes()).toEqual({ error: 1 });
    expect(rig.sent).toEqual([]);
  });

  test("answers that are too long are not compared", async () => {
    const rig = createRig(routesOf({ shadow: { version: 2 } }));
    rig.send = async () => ({ ...answer(2), content: { is: "message", message: new Uint8Array(5 * 2 ** 20) } });
    await rig.call();
    await expect.poll(() => rig.outcomes()).toEqual({ skipped: 1 });
  });
});

describe("limits", () => {
  test("copies over maxInFlight or maxBytes are dropped; each that ends makes room for one", async () => {
    for (const limit of [{ maxInFlight: 2 }, { maxBytes: 25 }]) {
      const rig = createRig(routesOf({ shadow: { version: 2, ...limit } }));
      const latches = [createLatch(), createLatch(), createLatch()];
      const waiting = [...latches];
      rig.send = async () => {
        await waiting.shift()?.opened;
        return answer(2, 1);
      };
      const text = "ten  bytes";
      for (let i = 0; i < 5; i++) await rig.call({ text });
      await expect.poll(() => rig.sent).toHaveLength(2);
      expect(await rig.outcomes()).toEqual({ dropped: 3 });
      latches[0]?.open();
      await expect.poll(() => rig.outcomes()).toEqual({ dropped: 3, equal: 1 });
      await rig.call({ text });
      await expect.poll(() => rig.sent).toHaveLength(3);
      for (const { open } of latches) open();
      await expect.poll(() => rig.outcomes()).toEqual({ dropped: 3, equal: 3 });
    }
  });

  test("calls that were let in together are counted again when they are answered", async () => {
    const rig = createRig(routesOf({ shadow: { version: 2, maxInFlight: 1 } }));
    const own = createLatch();
    const calls = [1, 2, 3].map(() =>
      rig.call(
        {},
        own.opened.then(() => answer(1, 1)),
      ),
    );
    own.open();
    await Promise.all(calls);
    await expect.poll(() => rig.outcomes()).toEqual({ dropped: 2, equal: 1 });
  });

  test("when the gateway drains, copies under way end and no more are sent", async () => {
    const rig = createRig(routesOf({ shadow: { version: 2 } }));
    rig.send = ({ call: { signal } }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new InferenceError("CANCELLED", "the client gave up")));
      });
    await rig.call();
    await expect.poll(() => rig.sent).toHaveLength(1);
    rig.shadowing.drain();
    await expect.poll(() => rig.outcomes()).toEqual({ dropped: 1 });
    await rig.call();
    expect(await rig.outcomes()).toEqual({ dropped: 2 });
    expect(rig.lines).toEqual([]);
  });
});

const different: Rig["send"] = async () => answer(2, 7);

describe("a reload", () => {
  test("keeps what a shadow of the same route and name has found, under its new settings", async () => {
    const rig = createRig(routesOf({ name: "r", shadow: { name: "s", version: 2 } }));
    rig.send = different;
    await rig.call();
    await expect.poll(() => rig.shadowing.recent()).toHaveLength(1);
    rig.apply(routesOf({ name: "r", shadow: { name: "s", version: 2, maxBytes: 1 } }));
    await rig.call({ text: "long" });
    expect(rig.shadowing.recent()).toHaveLength(1);
    expect(await rig.outcomes()).toEqual({ different: 1, dropped: 1 });
  });

  test("forgets one that is there no more, its metrics too", async () => {
    const rig = createRig(routesOf({ name: "r", shadow: { name: "s", version: 2 } }));
    rig.send = different;
    await rig.call();
    await expect.poll(() => rig.outcomes()).toEqual({ different: 1 });
    rig.apply(routesOf({ name: "r", shadow: { name: "t", version: 2 } }));
    expect(rig.shadowing.recent()).toEqual([]);
    expect(await rig.page()).not.toContain('target="s"');
  });
});
