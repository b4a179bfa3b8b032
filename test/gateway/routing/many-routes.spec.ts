import { expect, test } from "vitest";
import { parseConfigText } from "../../../config/index.ts";
import { LATEST, modelName, type VersionChoice, version } from "../../../core/index.ts";
import type { InferenceCall } from "../../../gateway/call.ts";
import { compileRoutes, decide, type Route, type RouteTable } from "../../../gateway/routing/index.ts";
import { configured } from "../upstream/reports.ts";

type Raw = Readonly<Record<string, unknown>>;

function tableOf(models: readonly string[], matches: readonly Raw[]): RouteTable {
  const known = ["target", ...models].map((name) => configured(name));
  const routes = matches.map((match) => ({ match, to: [{ model: "target", version: 1 }] }));
  return compileRoutes({
    models: known,
    routes: parseConfigText(JSON.stringify({ routes }), "r.yaml", { models: known }).routes,
  });
}

interface Asked {
  readonly model: string;
  readonly choice?: VersionChoice;
  readonly headers?: Readonly<Record<string, string>>;
  readonly client?: string | undefined;
}

/** `asked` counts how often something looks at a header or the client. */
function aCall({ model, choice = LATEST, headers = {}, client }: Asked, asked: { times: number } = { times: 0 }) {
  const call: Pick<InferenceCall, "spec" | "header" | "client"> = {
    spec: { name: modelName(model), choice, signature: "" },
    header: (name) => {
      asked.times++;
      return headers[name];
    },
    get client() {
      asked.times++;
      return client;
    },
  };
  return call as InferenceCall;
}

/** The first route of the file that applies, by looking at all of them. */
function byTheBook(table: RouteTable, { model, choice = LATEST, ...others }: Asked): Route | undefined {
  return table.routes.find(({ match }) => {
    const wanted = match.choice;
    const isAsked =
      wanted.by === "any" ||
      (wanted.by === choice.by &&
        (wanted.by !== "version" || choice.by !== "version" || wanted.version === choice.version) &&
        (wanted.by !== "label" || choice.by !== "label" || wanted.label === choice.label));
    return isAsked && match.takesModel(model) && match.mismatch(aCall({ model, choice, ...others })) === undefined;
  });
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

test("of sixty routes the first that applies decides, whatever finds it", () => {
  let seed = 11;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const value = (): string => `v${Math.floor(random() * 5)}`;
  const found = new Set<unknown>();
  for (let round = 0; round < 60; round++) {
    const table = tableOf(
      ["m", "mine", "other"],
      numbers(60).map(() => ({
        ...oneOf([{}, { model: "m" }, { model: "old" }, { model: { prefix: "m" } }, { model: { prefix: "" } }]),
        ...oneOf([{}, {}, { model: { regex: "m.*|o.*" } }]),
        ...oneOf([{}, {}, { version: "any" }, { version: 2 }]),
        headers: {
          ...oneOf([{}, { "x-a": value() }, { "x-a": { present: true } }]),
          ...oneOf([{}, { "x-b": value() }, { "x-b": { prefix: "v" } }]),
        },
        ...oneOf([{}, { client: value() }, { client: { present: false } }]),
      })),
    );
    for (let i = 0; i < 20; i++) {
      const asked: Asked = {
        model: oneOf(["m", "mine", "other", "old", "nobody's"]),
        choice: oneOf<VersionChoice>([LATEST, LATEST, { by: "version", version: version(2) }]),
        headers: { ...oneOf([{}, { "x-a": value() }]), ...oneOf([{}, { "x-b": value() }]) },
        client: oneOf([undefined, value()]),
      };
      const want = byTheBook(table, asked);
      expect(decide(table, aCall(asked))?.route.name).toBe(want?.name);
      found.add(want?.order);
    }
  }
  expect(found.size).toBeGreaterThan(20);
});

const TENANTS = 1_000;

/** Each with a place among the routes, and how it is asked for. */
const ASPECTS: readonly { what: string; match: (i: number) => Raw; asked: (i: number) => Omit<Asked, "model"> }[] = [
  {
    what: "a header",
    match: (i) => ({ headers: { "x-tenant": `t${i}` } }),
    asked: (i) => ({ headers: { "x-tenant": `t${i}` } }),
  },
  {
    what: "one of three headers",
    match: (i) => ({ headers: { [`x-${i % 3}`]: `t${i}` } }),
    asked: (i) => ({ headers: { [`x-${i % 3}`]: `t${i}` } }),
  },
  {
    what: "the rarer of two headers",
    match: (i) => ({ headers: { "x-all": { present: true }, "x-tenant": `t${i}` } }),
    asked: (i) => ({ headers: { "x-all": "yes", "x-tenant": `t${i}` } }),
  },
  { what: "the client", match: (i) => ({ client: `t${i}` }), asked: (i) => ({ client: `t${i}` }) },
  {
    what: "the version",
    match: (i) => ({ version: i + 1 }),
    asked: (i) => ({ choice: { by: "version", version: version(i + 1) } }),
  },
];

for (const { what, match, asked } of ASPECTS) {
  for (const [of, model] of [
    ["one model", { model: "m" }],
    ["a pattern", { model: { prefix: "m" } }],
    ["any model", {}],
  ] as const) {
    test(`a thousand routes of ${of}, each for a value of ${what}: few are looked at`, () => {
      const table = tableOf(
        ["m"],
        numbers(TENANTS).map((i) => ({ ...model, ...match(i) })),
      );
      for (const i of [0, 1, 2, 499, TENANTS - 1]) {
        const looks = { times: 0 };
        expect(decide(table, aCall({ model: "m", ...asked(i) }, looks))?.route.order).toBe(i);
        expect(looks.times).toBeLessThan(10);
      }
    });
  }
}

const MODELS = 10_000;

const COMPILED: readonly { what: string; match: (i: number) => Raw; want: number }[] = [
  { what: "a prefix each", match: (i) => ({ model: { prefix: `m${i}-` } }), want: 5_000 },
  { what: "a regex each", match: (i) => ({ model: { regex: `m${i}-.*` } }), want: 5_000 },
  {
    what: "one pattern, a tenant each",
    match: (i) => ({ model: { prefix: "m" }, headers: { "x-tenant": `t${i}` } }),
    want: 7,
  },
  {
    what: "no model, a tenant each, beside a route for each model",
    match: (i) => (i % 2 === 0 ? { model: `m${i}-a` } : { headers: { "x-tenant": `t${i}` }, version: "any" }),
    want: 7,
  },
];

// Each would take a minute or more if every model were held against every route, or had a list of its own of them.
for (const { what, match, want } of COMPILED) {
  test(`ten thousand routes with ${what} are compiled for ten thousand models`, () => {
    const names = numbers(MODELS).map((i) => `m${i}-a`);
    const table = tableOf(names, numbers(MODELS).map(match));
    expect(decide(table, aCall({ model: "m5000-a", headers: { "x-tenant": "t7" } }))?.route.order).toBe(want);
  });
}
