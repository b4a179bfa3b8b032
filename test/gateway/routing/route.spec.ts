import { describe, expect, test } from "vitest";
import { type Config, parseConfigText } from "../../../config/index.ts";
import { InferenceError, LATEST, modelName, type VersionChoice, version } from "../../../core/index.ts";
import type { InferenceCall, RoutedCall, Servable } from "../../../gateway/call.ts";
import {
  type Availability,
  compileRoutes,
  decide,
  type RouteTable,
  resolve,
  routeStage,
  type Stage,
} from "../../../gateway/routing/index.ts";
import { aCall, type CallDraft } from "../upstream/calls.ts";
import { configured } from "../upstream/reports.ts";

type Route = Readonly<Record<string, unknown>>;

const m = modelName("m");
const v = (number: number): VersionChoice => ({ by: "version", version: version(number) });
const label = (name: string): VersionChoice => ({ by: "label", label: name });
const toVersion = (number: number): Route => ({ version: number });
const toLabel = (name: string): Route => ({ label: name });

const MODELS = [configured("m", { stable: 2, canary: 3, gone: 9 }), configured("other")];

/** Routes as a file has them. */
function routesOf(routes: readonly Route[]): Config["routes"] {
  return parseConfigText(JSON.stringify({ routes }), "routes.yaml", { models: MODELS }).routes;
}

function split(...arms: readonly [Route, number][]): Route {
  return { split: arms.map(([target, weight]) => ({ ...target, weight })) };
}

function rule(action: Route, match: Route = {}): Route {
  return { match: { model: "m", ...match }, ...action };
}

function serving(versions: readonly number[], outlook: ReturnType<Availability["outlook"]> = "failed"): Availability {
  const servables = versions
    .toSorted((a, b) => b - a)
    .map(
      (number): Servable => ({
        name: m,
        version: version(number),
        signatures: new Map(),
        signatureDefMap: new Uint8Array(),
        merging: new Map(),
      }),
    );
  return {
    servable: (name, wanted) => servables.find((it) => it.name === name && it.version === wanted),
    latest: (name) => (name === m ? servables[0] : undefined),
    outlook: () => outlook,
  };
}

interface Case extends CallDraft {
  readonly name: string;
  readonly routes?: readonly Route[];
  readonly versions?: readonly number[];
  readonly outlook?: ReturnType<Availability["outlook"]>;
  readonly chance?: number;
  /** `version arm`, or the error's code and message. */
  readonly want: string;
}

function outcome({ routes = [], versions = [1, 2, 3], outlook, chance = 0, ...call }: Case): string {
  const table = compileRoutes({ models: MODELS, routes: routesOf(routes) });
  const available = serving(versions, outlook);
  try {
    const { target, arm } = routed(table, available, aCall(call), chance);
    return `${target.version} ${arm}`.trim();
  } catch (thrown) {
    const error = thrown as InferenceError;
    return `${error.code} ${error.message}${error.retryable ? " (retryable)" : ""}`;
  }
}

function routed(
  table: RouteTable,
  available: Availability,
  call: InferenceCall,
  chance: number,
): Pick<RoutedCall, "target" | "arm"> {
  const decision = decide(table, call, () => chance);
  if (decision === undefined) {
    return { target: resolve(table, available, call.spec.name, call.spec.choice), arm: "" };
  }
  return routeStage(table, available, decision, decision.route.stages[0] as Exclude<Stage, { by: "chain" }>);
}

function rows(cases: readonly Case[]): void {
  for (const it of cases) test(it.name, () => expect(outcome(it)).toBe(it.want));
}

describe("without routes", () =>
  rows([
    { name: "the highest available version", want: "3" },
    { name: "the version that is named", choice: v(1), want: "1" },
    { name: "the version that a label names", choice: label("stable"), want: "2" },
    {
      name: "a version that is not there",
      choice: v(7),
      want: "NOT_FOUND Servable not found for request: Specific(m, 7)",
    },
    {
      name: "a label whose version is not there",
      choice: label("gone"),
      want: "NOT_FOUND Servable not found for request: Specific(m, 9)",
    },
    { name: "an unknown label", choice: label("x"), want: "INVALID_ARGUMENT Unrecognized servable version label: x" },
    { name: "an unknown model", model: "other", want: "NOT_FOUND Servable not found for request: Latest(other)" },
    {
      name: "a version of an unknown model",
      model: "other",
      choice: v(1),
      want: "NOT_FOUND Servable not found for request: Specific(other, 1)",
    },
    // TensorFlow Serving looks labels up first.
    {
      name: "a label of an unknown model",
      model: "other",
      choice: label("stable"),
      want: "INVALID_ARGUMENT Unrecognized servable version label: stable",
    },
    {
      name: "a name that every object has",
      model: "constructor",
      want: "NOT_FOUND Servable not found for request: Latest(constructor)",
    },
    {
      name: "a model that loads for the first time",
      versions: [],
      outlook: "starting",
      want: "UNAVAILABLE Servable not found for request: Latest(m); the model is still loading",
    },
    {
      name: "a version of a model that loads for the first time",
      versions: [],
      outlook: "starting",
      choice: v(1),
      want: "UNAVAILABLE Servable not found for request: Specific(m, 1); the model is still loading",
    },
    {
      name: "a model that cannot be loaded",
      versions: [],
      want: "NOT_FOUND Servable not found for request: Latest(m)",
    },
    {
      name: "a model whose workers have died",
      versions: [],
      outlook: "lost",
      want: "UNAVAILABLE Servable not found for request: Latest(m); its workers are away, they are being restarted (retryable)",
    },
  ]));

describe("a route", () => {
  const beta = rule({ to: [toLabel("canary")] }, { headers: { "x-tenant": "beta", "x-mode": "on" } });
  const first = { to: [toLabel("gone"), toVersion(1), toVersion(2)] };
  const all = rule(first);
  rows([
    { name: "applies to requests that name neither version nor label", routes: [all], want: "1" },
    { name: "does not apply to a request that names a version", routes: [all], choice: v(3), want: "3" },
    { name: "does not apply to a request that names a label", routes: [all], choice: label("stable"), want: "2" },
    { name: "of another model does not apply", routes: [rule({ to: [toVersion(1)] }, { model: "other" })], want: "3" },
    {
      name: "for a version applies to it alone",
      routes: [rule(first, { version: 3 })],
      choice: v(3),
      want: "1",
    },
    {
      name: "for a version does not apply to others",
      routes: [rule(first, { version: 3 })],
      choice: v(2),
      want: "2",
    },
    {
      name: "for a version does not apply to the label that names it",
      routes: [rule(first, { version: 3 })],
      choice: label("canary"),
      want: "3",
    },
    {
      name: "for a label applies to it",
      routes: [rule(first, { label: "stable" })],
      choice: label("stable"),
      want: "1",
    },
    {
      name: "with headers applies when all are there",
      routes: [beta, all],
      headers: { "x-tenant": "beta", "x-mode": "on" },
      want: "3",
    },
    {
      name: "with headers is passed over when one is missing",
      routes: [beta, all],
      headers: { "x-tenant": "beta" },
      want: "1",
    },
    {
      name: "with headers is passed over when one has another value",
      routes: [beta, all],
      headers: { "x-tenant": "Beta", "x-mode": "on" },
      want: "1",
    },
    {
      name: "for 0% of the requests is for none",
      routes: [rule({ to: [toVersion(3)] }, { percent: "0%" }), all],
      want: "1",
    },
    ...(["北京", { prefix: "北" }, { regex: ".京" }] as const).map((tenant) => ({
      name: `for a header in UTF-8 finds it among its bytes: ${JSON.stringify(tenant)}`,
      routes: [rule({ to: [toVersion(3)] }, { headers: { "x-tenant": tenant } }), all],
      headers: { "x-tenant": Buffer.from("北京").toString("latin1") },
      want: "3",
    })),
    {
      name: "for a header in UTF-8 is found among many such",
      routes: [
        ...Array.from({ length: 20 }, (_, i) => rule({ to: [toVersion(1)] }, { headers: { "x-tenant": `北${i}` } })),
        rule({ to: [toVersion(3)] }, { headers: { "x-tenant": "北京" } }),
      ],
      headers: { "x-tenant": Buffer.from("北京").toString("latin1") },
      want: "3",
    },
    { name: "that comes first decides", routes: [rule({ to: [toVersion(2)] }), all], want: "2" },
    {
      name: "of which nothing is available never falls back",
      routes: [rule({ to: [toLabel("gone")] })],
      want: "UNAVAILABLE Servable not found for request: Latest(m); no version that its route names is available",
    },
    ...[
      {
        asks: "a version that is not there",
        choice: v(7),
        want: "NOT_FOUND Servable not found for request: Specific(m, 7)",
      },
      {
        asks: "a label that stands for no available version",
        choice: label("gone"),
        want: "NOT_FOUND Servable not found for request: Specific(m, 9)",
      },
      {
        asks: "an unknown label",
        choice: label("stabel"),
        want: 'INVALID_ARGUMENT Unrecognized servable version label: stabel (did you mean "stable"?)',
      },
    ].map(({ asks, ...others }) => ({
      name: `that leaves the version to the request fails as without it when that asks for ${asks}`,
      routes: [{ match: { model: "old", version: "any" }, rewrite: { model: "m" } }],
      model: "old",
      ...others,
    })),
    {
      name: "that names a version fails by itself whatever the request asks for",
      routes: [rule({ to: [toVersion(8)] }, { version: 7 })],
      choice: v(7),
      want: "UNAVAILABLE Servable not found for request: Specific(m, 7); no version that its route names is available",
    },
    {
      name: "of a model that is still loading says so",
      routes: [all],
      versions: [],
      outlook: "starting",
      want: "UNAVAILABLE Servable not found for request: Latest(m); the model is still loading",
    },
  ]);
});

describe("a split", () => {
  const halves = [rule(split([toLabel("stable"), 50], [toVersion(3), 50]))];
  rows([
    { name: "counts an arm under its label", routes: halves, chance: 0.49, want: "2 stable" },
    { name: "counts an arm without a label under its version", routes: halves, chance: 0.51, want: "3 3" },
    { name: "leaves out an arm without an available version", routes: halves, versions: [3], chance: 0, want: "3 3" },
    {
      name: "never takes an arm of weight 0",
      routes: [rule(split([toVersion(1), 0], [toVersion(2), 1]))],
      chance: 0,
      want: "2 2",
    },
    {
      name: "takes no arm of weight 0 even if it is the last one",
      routes: [rule(split([toVersion(1), 0], [toVersion(9), 1]))],
      want: "UNAVAILABLE Servable not found for request: Latest(m); no version that its route names is available",
    },
    { name: "does not touch an explicit version", routes: halves, choice: v(1), want: "1" },
  ]);

  test("a sticky one gives a client always the same arm, whatever chance says", () => {
    const sticky = { ...split([toLabel("stable"), 50], [toLabel("canary"), 50]), sticky: { header: "x-user-id" } };
    const arms = new Set<string>();
    for (let user = 0; user < 50; user++) {
      const one = Array.from({ length: 10 }, (_, chance) =>
        outcome({
          name: "",
          routes: [rule(sticky)],
          headers: { "x-user-id": `u${user}` },
          chance: chance / 10,
          want: "",
        }),
      );
      expect(new Set(one).size).toBe(1);
      arms.add(one[0] ?? "");
    }
    expect(arms.size).toBe(2);
  });

  test("without the sticky key, chance decides", () => {
    const sticky = { ...split([toLabel("stable"), 50], [toLabel("canary"), 50]), sticky: { header: "x-user-id" } };
    for (const headers of [{}, { "x-user-id": "" }]) {
      expect(outcome({ name: "", routes: [rule(sticky)], headers, chance: 0.2, want: "" })).toBe("2 stable");
      expect(outcome({ name: "", routes: [rule(sticky)], headers, chance: 0.7, want: "" })).toBe("3 canary");
    }
  });
});

test("what is asked about a model is found without its routes", () => {
  const table = compileRoutes({ models: [configured("m")], routes: routesOf([rule({ to: [toVersion(1)] })]) });
  expect(resolve(table, serving([1, 2]), m, LATEST).version).toBe(2n);
});
