import { expect, test } from "vitest";
import { parseConfigText } from "../../config/index.ts";
import { CallController, deadlineIn, InferenceError, modelName, type StatusCode, version } from "../../core/index.ts";
import type { Answer, InferenceCall, RoutedCall, Servable } from "../../gateway/call.ts";
import { follow } from "../../gateway/follow.ts";
import { OutputTypes } from "../../gateway/output-types.ts";
import { type Availability, compileRoutes, decide, routeStage } from "../../gateway/routing/index.ts";
import type { Steps } from "../../gateway/steps.ts";
import { CallFailure } from "../../gateway/upstream/call-failure.ts";
import { createRetry } from "../../gateway/upstream/retry.ts";
import { createRetryBudget } from "../../gateway/upstream/retry-budget.ts";
import { aCall } from "./upstream/calls.ts";
import { configured } from "./upstream/reports.ts";

const MODELS = [configured("m", { stable: 1, canary: 2, gone: 9 })];

interface Scene {
  /** As a file has it, but for its match. */
  readonly route: Readonly<Record<string, unknown>>;
  readonly available?: readonly number[];
  readonly outlook?: ReturnType<Availability["outlook"]>;
  /** What a version does when it is sent a call; the number counts the calls that were sent. */
  readonly send: (version: bigint, sent: number, routed: RoutedCall) => Promise<void>;
  readonly call?: Partial<InferenceCall>;
  readonly random?: () => number;
}

interface Played {
  /** The version and arm, or the error's code. */
  readonly outcome: string;
  /** Versions in the order in which they were sent the call. */
  readonly sent: readonly bigint[];
  /** `arm code`, stage by stage. */
  readonly ended: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly drawn: number;
  /** How often it has waited for workers, which have not come. */
  readonly waits: number;
}

async function play(scene: Scene): Promise<Played> {
  const { route, available = [1, 2], outlook = "lost", send, random = () => 0 } = scene;
  const text = JSON.stringify({ routes: [{ match: { model: "m" }, ...route }] });
  const table = compileRoutes({ models: MODELS, routes: parseConfigText(text, "f", { models: MODELS }).routes });
  const servables = available.map(
    (number): Servable => ({
      name: modelName("m"),
      version: version(number),
      signatures: new Map(),
      signatureDefMap: new Uint8Array(),
      merging: new Map(),
    }),
  );
  const availability: Availability = {
    servable: (_name, wanted) => servables.find((each) => each.version === wanted),
    latest: () => servables[0],
    outlook: () => outlook,
  };
  let waits = 0;
  const sent: bigint[] = [];
  const ended: string[] = [];
  const headers: Record<string, string> = {};
  const steps = {
    retry: createRetry({
      config: () => ({ attempts: 2, budgetPercent: 100 }),
      budget: createRetryBudget(() => 100),
      mayRunTwice: () => true,
      changes: { count: 0, notify() {}, subscribe() {}, after: async () => ++waits < 0 },
      mayRecover: () => true,
    }),
    routeStage: (decision, stage) => routeStage(table, availability, decision, stage),
    async send(routed): Promise<Answer> {
      sent.push(routed.target.version);
      await send(routed.target.version, sent.length, routed);
      return { target: routed.target, arm: routed.arm, content: { is: "message", message: new Uint8Array() } };
    },
    stageEnded: (_route: string, arm: string, code: StatusCode) => void ended.push(`${arm} ${code}`.trim()),
    outputTypes: new OutputTypes(),
  } satisfies Partial<Steps>;
  const reply = { addHeader: (name: string, value: string) => void (headers[name] = value) };
  let drawn = 0;
  const decision = decide(table, { ...aCall(), reply, ...scene.call }, () => {
    drawn++;
    return random();
  });
  if (decision === undefined) throw new Error("the route does not apply");
  let outcome: string;
  try {
    const { target, arm } = await follow(steps as unknown as Steps, decision);
    outcome = `${target?.version} ${arm}`.trim();
  } catch (thrown) {
    outcome = (thrown as InferenceError).code;
  }
  return { outcome, sent, ended, headers, drawn, waits };
}

const FALLBACK = { to: [{ label: "stable" }], fallback: [{ label: "canary" }] };

function failing(code: "UNAVAILABLE" | "DEADLINE_EXCEEDED" | "INTERNAL", ...versions: number[]): Scene["send"] {
  return async (number) => {
    if (versions.includes(Number(number))) throw new InferenceError(code, "said so");
  };
}

async function answering(): Promise<void> {}

for (const { name, scene, want } of [
  {
    name: "answers of its own targets end it",
    scene: { route: FALLBACK, send: answering },
    want: { outcome: "1", sent: [1n], ended: ["OK"] },
  },
  {
    name: "what it falls back on leads to the next target",
    scene: { route: FALLBACK, send: failing("UNAVAILABLE", 1) },
    want: { outcome: "2 canary", sent: [1n, 2n], ended: ["UNAVAILABLE", "canary OK"] },
  },
  {
    name: "what it doesn't fall back on is the client's",
    scene: { route: FALLBACK, send: failing("INTERNAL", 1) },
    want: { outcome: "INTERNAL", sent: [1n], ended: ["INTERNAL"] },
  },
  {
    name: "what the last one fails with is the client's",
    scene: { route: FALLBACK, send: failing("DEADLINE_EXCEEDED", 1, 2) },
    want: { outcome: "DEADLINE_EXCEEDED", sent: [1n, 2n], ended: ["DEADLINE_EXCEEDED", "canary DEADLINE_EXCEEDED"] },
  },
  {
    name: "a target that is not there is passed over, whatever it falls back on",
    scene: {
      route: { to: [{ label: "gone" }], fallback: { to: [{ version: 7 }, { label: "canary" }], on: ["internal"] } },
      send: answering,
    },
    want: { outcome: "2 canary", sent: [2n], ended: ["UNAVAILABLE", "7 UNAVAILABLE", "canary OK"] },
  },
] satisfies readonly { name: string; scene: Scene; want: object }[]) {
  test(name, async () => expect(await play(scene)).toMatchObject(want));
}

test("nobody waits for workers that are away but the last one", async () => {
  const passed = await play({ route: { ...FALLBACK, to: [{ version: 7 }] }, send: answering });
  expect(passed).toMatchObject({ outcome: "2 canary", waits: 0 });
  const none = await play({ route: FALLBACK, available: [], send: answering });
  expect(none).toMatchObject({ outcome: "UNAVAILABLE", ended: ["UNAVAILABLE", "canary UNAVAILABLE"], waits: 1 });
});

test("with default outputs nobody waits at all", async () => {
  const route = { ...FALLBACK, defaultOutputs: { y: 1 } };
  const played = await play({ route, available: [], send: answering });
  expect(played).toMatchObject({
    outcome: "undefined default",
    ended: ["UNAVAILABLE", "canary UNAVAILABLE", "default OK"],
    headers: { "x-tensorgate-arm": "default" },
    waits: 0,
  });
  expect(played.headers).not.toHaveProperty("x-tensorgate-model-version");
});

test("no other target is asked once the client has given up", async () => {
  const signal = new CallController();
  const { outcome, sent, ended } = await play({
    route: { ...FALLBACK, defaultOutputs: { y: 1 } },
    call: { signal },
    async send() {
      signal.abort();
      throw new InferenceError("UNAVAILABLE", "gone", { retryable: true });
    },
  });
  expect([outcome, sent, ended]).toEqual(["UNAVAILABLE", [1n], ["CANCELLED"]]);
});

function late(route: Scene["route"]): Promise<Played> {
  return play({
    route,
    call: { deadline: deadlineIn(20) },
    async send() {
      await new Promise((resolve) => setTimeout(resolve, 30));
      throw new InferenceError("DEADLINE_EXCEEDED", "late");
    },
  });
}

test("no other target is asked once the deadline has passed, but default outputs are there", async () => {
  expect(await late(FALLBACK)).toMatchObject({ outcome: "DEADLINE_EXCEEDED", sent: [1n] });
  expect(await late({ ...FALLBACK, defaultOutputs: { y: 1 } })).toMatchObject({
    outcome: "undefined default",
    sent: [1n],
  });
});

test("each but the last target has only the time that the route gives it", async () => {
  const leftMs: number[] = [];
  const scene = (route: Scene["route"]): Scene => ({
    route,
    call: { deadline: deadlineIn(10_000) },
    async send(_version, _sent, { call }) {
      leftMs.push(Math.round((call.deadline - performance.now()) / 100) * 100);
      throw new InferenceError("DEADLINE_EXCEEDED", "late");
    },
  });
  const fallback = { to: [{ label: "canary" }], after: "1s" };
  await play(scene({ to: [{ label: "stable" }], fallback }));
  expect(leftMs).toEqual([1000, 10_000]);
  leftMs.length = 0;
  await play(scene({ to: [{ label: "stable" }], fallback, defaultOutputs: { y: 1 } }));
  expect(leftMs).toEqual([1000, 1000]);
});

test("a call that is sent again keeps its arm, as chance is drawn once", async () => {
  const route = {
    split: [
      { label: "stable", weight: 1 },
      { label: "canary", weight: 1 },
    ],
  };
  for (const [chance, arm, number] of [
    [0.25, "stable", 1n],
    [0.75, "canary", 2n],
  ] as const) {
    const played = await play({
      route,
      // Whoever drew again would come to the other arm.
      random: (() => {
        let calls = 0;
        return () => (calls++ === 0 ? chance : 1 - chance);
      })(),
      async send(_version, sent) {
        const cause = new CallFailure("unavailable", "busy");
        if (sent < 3) throw new InferenceError("UNAVAILABLE", "busy", { retryable: true, cause });
      },
    });
    expect(played).toMatchObject({
      outcome: `${number} ${arm}`,
      sent: [number, number, number],
      ended: [`${arm} OK`],
      drawn: 1,
      headers: { "x-tensorgate-model-version": String(number), "x-tensorgate-arm": arm },
    });
  }
});

test("an error tells which version and arm it is of, and has the route's own headers", async () => {
  const route = { ...FALLBACK, responseHeaders: { "X-Team": "ranking" } };
  expect((await play({ route, send: failing("UNAVAILABLE", 1, 2) })).headers).toEqual({
    "x-tensorgate-model-version": "2",
    "x-tensorgate-arm": "canary",
    "x-team": "ranking",
  });
});
