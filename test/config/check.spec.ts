import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkConfig } from "../../config/check/index.ts";
import { type Config, checkSettings, loadSettings, parseConfigText, parseFlags } from "../../config/index.ts";

type Raw = Readonly<Record<string, unknown>>;

const MODELS = [
  { name: "m", path: "/m", labels: { stable: 1, canary: 2 } },
  { name: "fix", path: "/fix", versions: { specific: [1, 2] }, labels: { one: 1 } },
];
const CLIENTS = [{ name: "acme", token: "t" }];

function configOf(parts: Raw): Config {
  return parseConfigText(JSON.stringify({ models: MODELS, clients: CLIENTS, ...parts }), "/c.json");
}

/** `severity path: message` of each finding. */
function found(parts: Raw): string[] {
  return checkConfig(configOf(parts)).map(({ severity, path, message }) => `${severity} ${path.join(".")}: ${message}`);
}

const to = [{ label: "stable" }];

function forM(more: Raw = {}): Raw {
  return { match: { model: "m", ...more }, to };
}

function split(...weights: readonly (number | string)[]): Raw {
  return {
    match: { model: "m" },
    split: weights.map((weight, i) => ({ name: `a${i}`, version: i + 1, weight })),
  };
}

function slip(sum: number, first: number): string {
  return `warning routes.0.split: the weights add up to ${sum}: if percentages are meant, write them as such, like "${first}%"`;
}

describe("a route is unreachable", () => {
  /** The second of two routes; `true`: nothing comes to it. */
  for (const { what, first, second, is } of [
    { what: "behind the same conditions", first: { model: "m" }, second: { model: "m" }, is: true },
    {
      what: "behind fewer conditions",
      first: {},
      second: { model: "m", headers: { a: "1" }, signature: "s" },
      is: true,
    },
    {
      what: "behind some of its exact headers",
      first: { headers: { a: "1" } },
      second: { headers: { b: "2", a: "1" } },
      is: true,
    },
    {
      what: "behind a prefix of its text",
      first: { headers: { a: { prefix: "x" } } },
      second: { headers: { a: "xy" } },
      is: true,
    },
    {
      what: "behind a shorter prefix",
      first: { model: { prefix: "m" } },
      second: { model: { prefix: "mo" } },
      is: true,
    },
    {
      what: "behind a pattern that its text fits",
      first: { headers: { a: { regex: "x+" } } },
      second: { headers: { a: "xx" } },
      is: true,
    },
    {
      what: "behind the same pattern",
      first: { headers: { a: { regex: "x+" } } },
      second: { headers: { a: { regex: "x+" } } },
      is: true,
    },
    {
      what: "behind one that wants its header in any form",
      first: { headers: { a: { present: true } } },
      second: { headers: { a: { regex: "x" } } },
      is: true,
    },
    {
      what: "behind one that wants the same header absent",
      first: { headers: { a: { present: false } } },
      second: { headers: { a: { present: false }, b: "1" } },
      is: true,
    },
    {
      what: "behind one for any version",
      first: { model: "m", version: "any" },
      second: { model: "m", label: "canary" },
      is: true,
    },
    {
      what: "behind the whole of the requests",
      first: { model: "m", percent: "100%" },
      second: { model: "m" },
      is: true,
    },
    {
      what: "behind one for its client's like",
      first: { client: { prefix: "ac" } },
      second: { client: "acme" },
      is: true,
    },

    { what: "behind more conditions", first: { model: "m", headers: { a: "1" } }, second: { model: "m" }, is: false },
    { what: "behind another value", first: { headers: { a: "1" } }, second: { headers: { a: "2" } }, is: false },
    { what: "behind another header", first: { headers: { a: "1" } }, second: { headers: { b: "1" } }, is: false },
    {
      what: "behind a longer prefix",
      first: { headers: { a: { prefix: "xy" } } },
      second: { headers: { a: { prefix: "x" } } },
      is: false,
    },
    {
      what: "behind a pattern that its text does not fit",
      first: { headers: { a: { regex: "x" } } },
      second: { headers: { a: "xx" } },
      is: false,
    },
    {
      what: "behind another pattern",
      first: { headers: { a: { regex: "x." } } },
      second: { headers: { a: { regex: "xy" } } },
      is: false,
    },
    {
      what: "behind a header that is there, when it wants it absent",
      first: { headers: { a: { present: true } } },
      second: { headers: { a: { present: false } } },
      is: false,
    },
    { what: "behind another model", first: { model: "fix" }, second: { model: "m" }, is: false },
    {
      what: "behind a part of the requests",
      first: { model: "m", percent: "99.9%" },
      second: { model: "m" },
      is: false,
    },
    {
      what: "behind no version, when it wants any",
      first: { model: "m" },
      second: { model: "m", version: "any" },
      is: false,
    },
    {
      what: "behind a version, when it wants a label",
      first: { model: "m", version: 2 },
      second: { model: "m", label: "canary" },
      is: false,
    },
    { what: "behind a client", first: { client: "acme" }, second: { model: "m" }, is: false },
    { what: "behind one signature", first: { signature: "a" }, second: { signature: "b" }, is: false },
  ] satisfies readonly { what: string; first: Raw; second: Raw; is: boolean }[]) {
    test(`${what}: ${is ? "yes" : "no"}`, () => {
      const routes = [first, second].map((match) => ({ match, to: [{ model: "m", version: 1 }] }));
      const told = found({ routes }).map((text) => text.replace(/\(.*\)/, "(place)"));
      const message = "routes[0] (place) takes every request that this one would take";
      expect(told).toEqual(is ? [`error routes.1: is never reached: ${message}`] : []);
    });
  }

  test("behind the first of several that take all of it, and no two are held against each other in vain", () => {
    const apart = Array.from({ length: 10_000 }, (_, i) =>
      forM(i % 2 === 0 ? { version: i + 1 } : { headers: { "x-tenant": `t${i}` } }),
    );
    const routes = [
      ...apart,
      forM({ headers: { "x-tenant": "t7", "x-b": "1" } }),
      forM(),
      forM({ label: "stable" }),
      forM(),
    ];
    const config = configOf({ routes });
    const before = process.cpuUsage();
    const findings = checkConfig(config);
    const { user } = process.cpuUsage(before);
    // Each against each would take many times as long.
    expect(user / 1000).toBeLessThan(2_000);
    expect(findings.map(({ path, message }) => [path[1], message.replace(/ \(.*/, "")])).toEqual([
      [10_000, "is never reached: routes[7]"],
      [10_003, "is never reached: routes[10001]"],
    ]);
  });
});

describe("a finding", () => {
  for (const { what, parts, want } of [
    { what: "is weights that nearly add up to 100", parts: { routes: [split(95, 4)] }, want: [slip(99, 95)] },
    { what: "is weights that add up to a little more", parts: { routes: [split(90, 10, 3)] }, want: [slip(103, 90)] },
    {
      what: "is such weights of other HTTP servers",
      parts: {
        http: [
          {
            prefix: "/x",
            split: [
              { name: "a", upstream: "http://h:1", weight: 98 },
              { name: "b", upstream: "http://h:2", weight: 1 },
            ],
          },
        ],
      },
      want: [slip(99, 98).replace("routes", "http")],
    },
    { what: "is not weights that add up", parts: { routes: [split(95, 5)] }, want: [] },
    { what: "is not fractions that add up", parts: { routes: [split(33.4, 33.3, 33.3)] }, want: [] },
    { what: "is not equal weights", parts: { routes: [split(33, 33, 33)] }, want: [] },
    { what: "is not weights of another kind", parts: { routes: [split(9, 1)] }, want: [] },
    {
      what: "is not the weights of a ramp",
      parts: { routes: [{ ...split(95, 4), ramp: { arm: "a1", steps: [{ percent: "5%" }] } }] },
      want: [],
    },
    {
      what: "is a version that the model's list leaves out",
      parts: {
        routes: [
          {
            match: { model: "fix" },
            split: [
              { version: 1, weight: 1 },
              { version: 3, weight: 1 },
            ],
          },
        ],
      },
      want: ['error routes.0.split.1: version 3 of model "fix" is never served: its versions name others'],
    },
    {
      what: "is such a version of a rewritten model, in every kind of target",
      parts: {
        routes: [
          {
            match: { model: "m" },
            rewrite: { model: "fix" },
            to: [{ version: 7 }],
            fallback: [{ version: 8 }, { model: "m", version: 8 }],
            shadow: [{ version: 9 }],
          },
        ],
      },
      want: [
        'error routes.0.to.0: version 7 of model "fix" is never served: its versions name others',
        'error routes.0.fallback.0: version 8 of model "fix" is never served: its versions name others',
        'error routes.0.shadow.0: version 9 of model "fix" is never served: its versions name others',
      ],
    },
    {
      what: "is not a version of servers that have lists of their own",
      parts: {
        pools: [
          { name: "tfs", kind: "tensorflow-serving", endpoints: ["h:1"] },
          { name: "far", endpoints: ["h:2"] },
        ],
        models: [{ name: "m", pool: "tfs", versions: { specific: [1] }, labels: { a: 2 } }, ...MODELS.slice(1)],
        routes: [
          { match: { model: "m" }, to: [{ version: 3 }] },
          {
            match: { model: "fix" },
            to: [
              { version: 3, pool: "tfs" },
              { version: 4, pool: "far" },
            ],
          },
        ],
      },
      want: ['error routes.1.to.1: version 4 of model "fix" is never served: its versions name others'],
    },
    {
      what: "is a label that the model's list leaves out",
      parts: { models: [{ name: "m", path: "/m", versions: { specific: [1] }, labels: { a: 2, b: 1 } }] },
      want: ["error models.0.labels.a: version 2 is never served: versions names others"],
    },
    {
      what: "is a fallback to what has failed",
      parts: {
        routes: [{ match: { model: "m" }, to: [{ label: "stable" }], fallback: [{ model: "m", label: "stable" }] }],
      },
      want: ["warning routes.0.fallback.0: repeats a target that has been asked before it"],
    },
    {
      what: "is a fallback that stands twice",
      parts: { routes: [{ match: { model: "m" }, to, fallback: [{ version: 7 }, { version: 7 }] }] },
      want: ["warning routes.0.fallback.1: repeats a target that has been asked before it"],
    },
    {
      what: "is a fallback that cuts short what it does not stand in for",
      parts: {
        routes: [{ match: { model: "m" }, to, fallback: { to: [{ version: 7 }], on: ["internal"], after: "1s" } }],
      },
      want: ["warning routes.0.fallback.after: cuts a target short with no other to follow: timeout is none of on"],
    },
    {
      what: "is a header that is bytes over gRPC",
      parts: {
        routes: [
          {
            ...split(9, 1),
            match: { model: "m", headers: { "X-Trace-Bin": { present: true } } },
            sticky: { header: "id-bin" },
          },
        ],
      },
      want: [
        "warning routes.0.match.headers.x-trace-bin: over gRPC metadata of such a name is bytes, which routes don't look at",
        "warning routes.0.sticky.header: over gRPC metadata of such a name is bytes, which routes don't look at",
      ],
    },
    {
      what: "is a part of nothing",
      parts: { routes: [{ ...forM({ percent: "0%" }), shadow: [{ version: 7 }, { version: 8, percent: "0%" }] }] },
      want: [
        "warning routes.0.match.percent: 0%: the route applies to no request",
        "warning routes.0.shadow.1.percent: 0%: nothing is copied",
      ],
    },
    {
      what: "is not a fallback to one of several arms",
      parts: { routes: [{ ...split(9, 1), fallback: [{ version: 1 }] }] },
      want: [],
    },
    {
      what: "is a route for a client that there is not",
      parts: { routes: [{ match: { client: "acmee" }, to: [{ model: "m" }] }] },
      want: [
        'error routes.0.match.client: none of clients is called so: the route applies to nobody (did you mean "acme"?)',
      ],
    },
    {
      what: "is not a route for everybody else",
      parts: { clients: [], routes: [{ match: { client: { present: false } }, to: [{ model: "m" }] }] },
      want: [],
    },
    {
      what: "is a split that sticks to clients without any",
      parts: { clients: [], routes: [{ ...split(9, 1), sticky: { client: true } }] },
      want: ["warning routes.0.sticky.client: ties nobody: clients names none"],
    },
    {
      what: "is a certificate that nobody is asked for",
      parts: { clients: [{ name: "a", certificate: "a.example" }] },
      want: [
        "warning clients.0.certificate: no client is asked for a certificate: server.grpc.tls.clientVerify is off",
      ],
    },
  ] satisfies readonly { what: string; parts: Raw; want: readonly string[] }[]) {
    test(what, () => expect(found(parts)).toEqual(want));
  }
});

describe("a finding's place", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tensorgate-check-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function places(yaml: string, ...flags: readonly string[]): Promise<string[]> {
    const file = join(folder, "c.yaml");
    writeFileSync(file, yaml);
    const settings = await loadSettings(parseFlags([`--config=${file}`, ...flags], "serve"));
    return checkSettings(settings).map(({ file = "", line, column, path }) =>
      [file.replace(`${folder}/`, ""), line, column, path].join(":"),
    );
  }

  const model = "models: [{ name: m, path: /m, versions: { specific: [1] } }]\n";

  for (const { what, route, at = "{ version: 2 }", want } of [
    {
      what: "is the target in a list",
      route: "to: [{ version: 1 }, { version: 2 }]",
      want: "routes[0].to[1]",
    },
    {
      what: "is one of several shadows",
      route: "to: [{ version: 1 }], shadow: [{ version: 2 }]",
      want: "routes[0].shadow[0]",
    },
    {
      what: "is the shadow alone",
      route: "to: [{ version: 1 }], shadow: { version: 2 }",
      want: "routes[0].shadow",
    },
    {
      what: "is a fallback in short",
      route: "to: [{ version: 1 }], fallback: [{ version: 2 }]",
      want: "routes[0].fallback[0]",
    },
    {
      what: "is a fallback in full",
      route: "to: [{ version: 1 }], fallback: { to: [{ version: 2 }] }",
      want: "routes[0].fallback.to[0]",
    },
    {
      what: "is a time beside the targets of a fallback",
      route: "to: [{ version: 1 }], fallback: { to: [{ model: m }], on: [internal], after: 7s }",
      at: "7s",
      want: "routes[0].fallback.after",
    },
    {
      what: "is a part of the shadow alone",
      route: "to: [{ version: 1 }], shadow: { version: 1, percent: 0% }",
      at: "0%",
      want: "routes[0].shadow.percent",
    },
  ]) {
    test(what, async () => {
      const routes = `routes: [{ match: { model: m }, ${route} }]`;
      const column = routes.indexOf(at) + 1;
      expect(await places(`${model}${routes}`)).toEqual([`c.yaml:2:${column}:${want}`]);
    });
  }

  test("is the list of TensorFlow Serving that has the model", async () => {
    writeFileSync(
      join(folder, "models.config"),
      `model_config_list { config {
         name: "m" base_path: "/m" model_platform: "tensorflow"
         model_version_policy { specific { versions: 1 } }
         version_labels { key: "old" value: 2 }
       } }`,
    );
    const flag = `--model_config_file=${join(folder, "models.config")}`;
    expect(await places("routes: []", flag)).toEqual(['models.config:::model "m"']);
  });

  test("is known when a file that a reference names has gone meanwhile", async () => {
    const [file, path] = [join(folder, "c.yaml"), join(folder, "path")];
    writeFileSync(path, "/m");
    writeFileSync(file, "models: [{ name: m, path: '${file:path}', versions: { specific: [1] }, labels: { a: 2 } }]");
    const settings = await loadSettings(parseFlags([`--config=${file}`], "serve"));
    rmSync(path);
    expect(checkSettings(settings)).toMatchObject([{ file, line: 1, column: 85, path: "models[0].labels.a" }]);
  });
});
