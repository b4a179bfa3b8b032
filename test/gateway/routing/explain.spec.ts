import { describe, expect, test } from "vitest";
import { type Config, parseConfigText } from "../../../config/index.ts";
import { LATEST, modelName, type VersionChoice, version } from "../../../core/index.ts";
import type { Servable } from "../../../gateway/call.ts";
import {
  type Availability,
  compileRoutes,
  decide,
  describeExplanation,
  type ExplainQuery,
  type Explanation,
  explain,
  explainQuery,
  inputKey,
  type RouteTable,
} from "../../../gateway/routing/index.ts";
import { aCall } from "../upstream/calls.ts";
import { configured } from "../upstream/reports.ts";

type Raw = Readonly<Record<string, unknown>>;

const MODELS = [configured("m", { stable: 2, canary: 3, gone: 9 }), configured("other", { stable: 1 })];

function tableOf(routes: readonly Raw[]): RouteTable {
  const config: Config = parseConfigText(JSON.stringify({ routes }), "/etc/routes.yaml", { models: MODELS });
  return compileRoutes(config);
}

/** Versions of m; nothing else is there. */
function serving(...versions: readonly number[]): Availability {
  const servables = versions
    .toSorted((a, b) => b - a)
    .map((number): Servable => {
      const nothing = { signatures: new Map(), signatureDefMap: new Uint8Array(), merging: new Map() };
      return { name: modelName("m"), version: version(number), ...nothing };
    });
  return {
    servable: (name, wanted) => servables.find((it) => it.name === name && it.version === wanted),
    latest: (name) => (name === "m" ? servables[0] : undefined),
    outlook: () => "failed",
  };
}

interface Draft {
  readonly model?: string;
  readonly choice?: VersionChoice;
  readonly headers?: Readonly<Record<string, string>>;
  readonly client?: string;
  readonly input?: string;
}

function query({ model = "m", choice = LATEST, headers = {}, client, input }: Draft): ExplainQuery {
  return {
    spec: { name: modelName(model), choice, signature: "" },
    header: (name) => headers[name],
    client,
    inputKey: input === undefined ? undefined : inputKey(Buffer.from(input)),
  };
}

function explained(routes: readonly Raw[], draft: Draft = {}, available: Availability = serving(1, 2, 3)): Explanation {
  const explanation = explain(tableOf(routes), available, query(draft));
  expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
  return explanation;
}

const toStable = { to: [{ label: "stable" }] };
const halves = {
  split: [
    { label: "stable", weight: 75 },
    { version: 3, weight: 25 },
  ],
};
const forM = (more: Raw = {}): Raw => ({ match: { model: "m", ...more } });

describe("a route that was passed over", () => {
  for (const { because, match, draft } of [
    { match: { label: "canary" }, because: "applies to requests that name label canary" },
    { match: { version: 7 }, because: "applies to requests that name version 7" },
    {
      match: {},
      draft: { choice: { by: "label", label: "stable" } },
      because: "applies to requests that name neither version nor label",
    },
    { match: { headers: { "x-tenant": "beta" } }, because: 'header x-tenant is missing, expected exactly "beta"' },
    {
      match: { headers: { "x-tenant": { prefix: "be" } } },
      draft: { headers: { "x-tenant": "alpha" } },
      because: 'header x-tenant is "alpha", expected a text that starts with "be"',
    },
    {
      match: { headers: { "x-debug": { present: false } } },
      draft: { headers: { "x-debug": "1" } },
      because: 'header x-debug is "1", expected absent',
    },
    {
      match: { headers: { authorization: "Bearer 123" } },
      draft: { headers: { authorization: "Bearer 456" } },
      because: "header authorization is another one, expected a certain value",
    },
    {
      match: { client: { regex: "team-.*" } },
      because: "the client is not known, expected a text that matches /team-.*/",
    },
    { match: { client: "acme" }, draft: { client: "b" }, because: 'the client is "b", expected exactly "acme"' },
    { match: { signature: "tag" }, because: 'the signature is "serving_default", expected exactly "tag"' },
    { match: { percent: "10%" }, because: "applies to 10% of requests: chance decides" },
  ] satisfies readonly { match: Raw; draft?: Draft; because: string }[]) {
    test(because, () => {
      const { passedOver } = explained([{ name: "r", ...forM(match), ...toStable }], draft);
      expect(passedOver).toEqual([{ name: "r", place: "/etc/routes.yaml:1:12", because }]);
    });
  }

  test("for its part of the requests is told by the sticky key", () => {
    const route = { ...forM({ percent: "50%" }), ...toStable, sticky: { header: "x-user" } };
    const users = Array.from({ length: 40 }, (_, user) => explained([route], { headers: { "x-user": `u${user}` } }));
    const out = users.filter(({ route }) => route === undefined);
    expect(out.length).toBeGreaterThan(5);
    expect(out.length).toBeLessThan(35);
    for (const { passedOver } of out) {
      expect(passedOver[0]?.because).toBe("applies to 50% of requests: this one is not among them, by header x-user");
    }
  });

  test("of another model is not told of, and no more than a hundred are", () => {
    const tenants = Array.from({ length: 150 }, (_, i) => ({
      ...forM({ headers: { "x-tenant": `t${i}` } }),
      ...toStable,
    }));
    const { passedOver, morePassedOver } = explained([{ match: { model: "other" }, to: [{ version: 1 }] }, ...tenants]);
    expect(passedOver).toHaveLength(100);
    expect(passedOver[0]?.name).toBe("routes[1]");
    expect(morePassedOver).toBe(50);
  });
});

describe("the route that applies", () => {
  test("has its conditions told", () => {
    const match = { headers: { "x-tenant": "beta" }, client: { present: true }, version: "any" };
    const { route } = explained([{ ...forM(match), ...toStable }], { headers: { "x-tenant": "beta" }, client: "acme" });
    expect(route?.because).toEqual([
      'the model is exactly "m"',
      "the client is there",
      'header x-tenant is exactly "beta"',
    ]);
  });

  test("of the first target that is available says so", () => {
    const explanation = explained([{ ...forM(), to: [{ label: "gone" }, { version: 1, signature: "tag" }] }]);
    expect(explanation.route?.to?.[0]?.unavailable).toBe("version 9 is not available");
    expect(explanation.target).toEqual({ model: "m", version: "1", signature: "tag" });
    expect(explanation.because).toBe("the first of the route's targets that is available");
  });

  test("of a split leaves open what chance decides, with the shares", () => {
    const explanation = explained([{ ...forM(), ...halves }]);
    expect(explanation.target).toBeUndefined();
    expect(explanation.error).toBeUndefined();
    expect(explanation.route?.split?.map(({ name, share }) => [name, share])).toEqual([
      ["stable", 0.75],
      ["3", 0.25],
    ]);
  });

  test("leaves out arms without an available version", () => {
    const { route, arm, because } = explained([{ ...forM(), ...halves }], {}, serving(2));
    expect(route?.split?.[1]).toMatchObject({ share: 0, leftOut: "version 3 is not available" });
    expect([arm, because]).toEqual(["stable", "the only arm that is available"]);
  });

  test("sticks by the body's hash", () => {
    const explanation = explained([{ ...forM(), ...halves, sticky: { input: true } }], { input: "{}" });
    expect(explanation.because).toBe("the request's body ties the request to this arm");
    expect(explanation.target).toBeDefined();
  });

  test("falls back when none of its targets is available", () => {
    const route = { ...forM(), to: [{ label: "gone" }], fallback: [{ version: 8 }, { version: 1 }] };
    const { target, because } = explained([route]);
    expect(target).toMatchObject({ version: "1" });
    expect(because).toBe("no target of the route is available: the fallback answers");
  });

  test("fails as the request would", () => {
    const { error, target } = explained([{ ...forM(), to: [{ label: "gone" }] }]);
    expect(target).toBeUndefined();
    expect(error).toEqual({
      code: "UNAVAILABLE",
      message: "Servable not found for request: Latest(m); no version that its route names is available",
    });
  });

  test("answers by its default outputs where nothing else does, and only a Predict", () => {
    const route = { ...forM(), to: [{ label: "gone" }], defaultOutputs: { y: 0 } };
    const explanation = explained([route]);
    expect(explanation).toMatchObject({ arm: "default", because: expect.stringContaining("default outputs answer") });
    expect([explanation.target, explanation.error]).toEqual([undefined, undefined]);
    expect(describeExplanation(explanation)).toMatch(/\ngoes to {4}nobody \(arm default\)\n$/);

    const table = tableOf([route]);
    const told = (["Predict", "Regress"] as const).map((method) => {
      const decision = decide(table, { ...aCall(), method });
      return explain(table, serving(1), decision ?? query({})).error?.code;
    });
    expect(told).toEqual([undefined, "UNAVAILABLE"]);
  });

  test("has shadows, headers, default outputs and ramp told", () => {
    const { route } = explained([
      {
        ...forM(),
        split: [{ label: "stable" }, { label: "canary" }],
        ramp: { arm: "canary", steps: [{ percent: "5%", for: "10m" }, { percent: "100%" }] },
        shadow: { version: 1, percent: "20%" },
        responseHeaders: { "x-route": "a" },
        defaultOutputs: { y: 0 },
      },
    ]);
    expect(route).toMatchObject({
      shadows: [{ percent: 20, target: { model: "m", version: "1" } }],
      responseHeaders: { "x-route": "a" },
      defaultOutputs: true,
      ramp: { arm: "canary", percent: 0, steps: [{ percent: 5, forMs: 600_000 }, { percent: 100 }] },
    });
    expect(route?.split?.[1]?.leftOut).toBe("its weight is 0");
  });
});

describe("without a route", () => {
  for (const { what, draft, want } of [
    { what: "no version", draft: {}, want: { target: { version: "3" } } },
    {
      what: "a label",
      draft: { choice: { by: "label", label: "stable" } },
      want: { target: { version: "2", label: "stable" }, because: expect.stringContaining("label stands for") },
    },
    {
      what: "an unknown version",
      draft: { choice: { by: "version", version: version(7) } },
      want: { error: { code: "NOT_FOUND" } },
    },
    { what: "an unknown model", draft: { model: "nope" }, want: { error: { code: "NOT_FOUND" } } },
  ] satisfies readonly { what: string; draft: Draft; want: Raw }[]) {
    test(`a request that names ${what} is explained`, () => expect(explained([], draft)).toMatchObject(want));
  }
});

test("what is explained is what is decided", () => {
  const texts = [{ exact: "a" }, { prefix: "a" }, { regex: "a|b" }, { present: true }, { present: false }];
  let seed = 7;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  for (let round = 0; round < 300; round++) {
    const routes = Array.from({ length: 6 }, () => ({
      match: {
        ...oneOf([{}, { model: "m" }, { model: { prefix: "m" } }, { model: "other" }]),
        ...oneOf([{}, {}, { version: "any" }, { version: 2 }, { label: "stable" }]),
        ...oneOf([{}, { headers: { "x-a": oneOf(texts) } }]),
        ...oneOf([{}, { client: oneOf(texts) }]),
        ...oneOf([{}, { percent: "40%" }]),
      },
      ...halves,
      split: halves.split.map((arm) => ({ ...arm, model: "m" })),
      sticky: { header: "x-user" },
    }));
    const table = tableOf(routes);
    const client = oneOf([undefined, "a", "b"]);
    const headers = { ...oneOf([{}, { "x-a": "a" }, { "x-a": "b" }]), "x-user": `u${round}` };
    const choice: VersionChoice = oneOf([
      LATEST,
      { by: "version", version: version(2) },
      { by: "label", label: "stable" },
    ]);
    const draft = { model: oneOf(["m", "m", "other", "mx"]), choice, headers };
    const decision = decide(table, { ...aCall(draft), client });
    const explanation = explain(table, serving(2, 3), { ...query(draft), client });
    expect(explanation.route?.name).toBe(decision?.route.name);
    if (decision !== undefined) expect(explain(table, serving(2, 3), decision)).toEqual(explanation);
  }
});

/** As a request brings it. */
function sent(text: string): string {
  return Buffer.from(text).toString("latin1");
}

test("a header in UTF-8 is explained as a request would have it", () => {
  const routes = [{ name: "r", ...forM({ headers: { "x-city": "北京" } }), ...halves, sticky: { header: "x-user" } }];
  const table = tableOf(routes);
  const told = explain(table, serving(2, 3), explainQuery({ model: "m", headers: ["x-city=北京", "x-user=grün"] }));
  const decision = decide(table, aCall({ headers: { "x-city": sent("北京"), "x-user": sent("grün") } }));
  expect(told).toMatchObject({ route: { name: "r" }, arm: expect.any(String) });
  expect(decision && explain(table, serving(2, 3), decision)).toEqual(told);

  const { passedOver } = explain(table, serving(2, 3), explainQuery({ model: "m", headers: ["x-city=上海"] }));
  expect(passedOver[0]?.because).toBe('header x-city is "上海", expected exactly "北京"');
});

test("what a header has to be by a reference is not told", () => {
  const [gate = ""] = [process.env["PATH"]];
  const routes = [{ name: "r", ...forM({ headers: { "x-gate": "${PATH}" } }), ...toStable }];
  const missed = explained(routes, { headers: { "x-gate": "guess" } });
  expect(missed.passedOver[0]?.because).toBe("header x-gate is another one, expected a certain value");
  const met = explained(routes, { headers: { "x-gate": gate } });
  expect(met.route?.because).toContain("header x-gate is a certain value");
});

test("a decision that chance has made is explained by its draw", () => {
  const table = tableOf([
    { name: "part", ...forM({ percent: "10%" }), ...toStable },
    { name: "all", ...forM(), ...halves },
  ]);
  const draws = [0.5, 0.9];
  const decision = decide(table, aCall(), () => draws.shift() ?? 0);
  if (decision === undefined) throw new Error("no route applies");
  const explanation = explain(table, serving(1, 2, 3), decision);
  expect(explanation).toMatchObject({ arm: "3", because: "chance has chosen this arm", target: { version: "3" } });
  expect(explanation.passedOver[0]?.because).toBe("applies to 10% of requests: chance has decided against it");
});

test("the text names route, arms and outcome", () => {
  const routes = [
    { name: "beta", ...forM({ headers: { "x-tenant": "beta" } }), ...toStable },
    { name: "ab", ...forM(), ...halves, sticky: { header: "x-user" } },
  ];
  const text = describeExplanation(explained(routes, { headers: { "x-user": "u1" } }));
  expect(text).toContain(
    'not        beta (/etc/routes.yaml:1:12): header x-tenant is missing, expected exactly "beta"',
  );
  expect(text).toContain("route      ab (/etc/routes.yaml:1:");
  expect(text).toMatch(/^arm {8}(\* )?stable: 75%; m version 2 \(label stable, signature serving_default\)$/m);
  expect(text).toMatch(/^goes to {4}m version [23] .*\(arm (stable|3)\)$/m);
});
