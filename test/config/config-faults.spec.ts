import { describe, expect, test } from "vitest";
import { parseConfigText } from "../../config/index.ts";
import { problemsOf } from "./problems.ts";

const FILE = "/etc/gate/config.yaml";

const problems = (text: string): string[] => problemsOf(() => parseConfigText(text, FILE), FILE);

const MODEL = "models: [{ name: m, path: /m, labels: { a: 1 } }]";

describe("a configuration file is refused for", () => {
  for (const { name, text, want } of [
    { name: "an empty file", text: "", want: ["1:1: the file is empty"] },
    { name: "a file of comments", text: "# nothing\n", want: ["1:1: the file is empty"] },
    { name: "a list", text: "- a", want: ["1:1: expected a mapping of settings"] },
    {
      name: "two documents",
      text: "models: []\n---\nmodels: []\n",
      want: ["2:1: a second document starts here, expected only one"],
    },
    {
      name: "a mapping that never ends, which is told once",
      text: "{{{\n",
      want: [
        "2:1: flow map in block collection must be sufficiently indented and end with a }",
        "2:1: flow map must end with a }",
      ],
    },
    { name: "a key twice", text: "models: []\nmodels: []\n", want: ["2:1: map keys must be unique"] },
    { name: "a file without models", text: "server: {}", want: ["1:1 models: is missing: name the models to serve"] },
    {
      name: "an unknown key, with the nearest word",
      text: "models: []\nsever: {}\nserver:\n  rest: { prot: 1 }\n",
      want: [
        '2:1 sever: unknown key (did you mean "server"?)',
        '4:11 server.rest.prot: unknown key (did you mean "port"?)',
      ],
    },
    {
      // Each of these has a short way too; with nothing but the key wrong, what is behind it must not be looked at.
      name: "unknown keys in what may be a mapping, a list or a word",
      text: [
        "models: [{ name: m, path: /m, versions: { latest: 2, mots: 1 } }]",
        "pools: [{ name: p, dns: [{ address: 'a:1', prio: 1 }] }]",
        "routes:",
        "- { match: { model: m }, to: [{ version: 1 }], fallback: { to: [{ version: 2, nmae: x }] } }",
        "- { match: { model: m }, to: [{ version: 1 }], fallback: [{ version: 2, nmae: x }] }",
        "- { match: { model: m }, to: [{ version: 1 }], shadow: { version: 2, percnt: 1 } }",
      ].join("\n"),
      want: [
        "1:54 models[0].versions.mots: unknown key",
        "2:44 pools[0].dns[0].prio: unknown key",
        "4:79 routes[0].fallback.to[0].nmae: unknown key",
        "5:73 routes[1].fallback[0].nmae: unknown key",
        '6:70 routes[2].shadow.percnt: unknown key (did you mean "percent"?)',
      ],
    },
    {
      name: "a batch of no rows",
      text: "models: [{ name: m, path: /m, batching: { maxRows: 0 } }]",
      want: ["1:52 models[0].batching.maxRows: expected a whole number, at least 1, got 0"],
    },
    {
      name: "allowed rows that don't ascend",
      text: "models: []\nbatching: { allowedRows: [8, 4] }",
      want: ["2:26 batching.allowedRows: expected ascending numbers"],
    },
    {
      name: "allowed rows that end elsewhere than maxRows",
      text: "models: []\nbatching: { maxRows: 32, allowedRows: [8, 16] }",
      want: ["2:39 batching.allowedRows: expected maxRows (32) as the last, got 16"],
    },
    {
      name: "clients that cannot be told apart",
      text: "models: []\nclients:\n- { name: a, token: t }\n- { name: a, token: t }\n- { name: b, certificate: c }\n- { name: d, certificate: c }",
      want: [
        "4:11 clients[1].name: is the name of clients[0] already",
        "4:21 clients[1].token: is the token of clients[0] already",
        "6:27 clients[3].certificate: is the certificate of clients[2] already",
      ],
    },
    {
      name: "a client that cannot prove who it is",
      text: "models: []\nclients: [{ name: a }]",
      want: ["2:11 clients[0]: expected a token, a certificate or both"],
    },
    {
      name: "a token that is none, which is not shown",
      text: 'models: []\nclients: [{ name: a, token: 123 }, { name: b, token: "a b" }]',
      want: [
        "2:29 clients[0].token: expected a token in quotes, of visible ASCII characters without spaces",
        "2:54 clients[1].token: expected a token in quotes, of visible ASCII characters without spaces",
      ],
    },
    {
      name: "a door that nobody could pass",
      text: "models: []\nserver: { requireClient: true }",
      want: ["2:26 server.requireClient: refuses everybody: clients names none"],
    },
    {
      name: "a missing path",
      text: "models:\n  - name: m\n",
      want: ["2:5 models[0].path: is missing"],
    },
    {
      name: "a bucket, with advice",
      text: "models: [{ name: m, path: 's3://b/m' }]",
      want: [
        '1:27 models[0].path: s3:// paths are not supported: mount the bucket or sync it to a local folder, and name that ("s3://b/m")',
      ],
    },
    {
      name: "a name that is a number",
      text: "models: [{ name: 7, path: /m }]",
      want: ["1:18 models[0].name: expected text, got 7: write it in quotes"],
    },
    {
      name: "an empty name",
      text: 'models: [{ name: "", path: /m }]',
      want: ["1:18 models[0].name: expected text, got an empty one"],
    },
    {
      name: "a name that is no UTF-8",
      text: 'models: [{ name: "\\ud800", path: /m }]',
      want: ["1:18 models[0].name: expected text, got half a surrogate pair in it"],
    },
    {
      name: "a name twice",
      text: "models:\n  - { name: m, path: /m }\n  - { name: m, path: /n }",
      want: ['3:13 models[1].name: "m" is the name of models[0] already'],
    },
    {
      name: "a version beyond int64",
      text: "models: [{ name: m, path: /m, labels: { a: 9223372036854775808 } }]",
      want: ["1:44 models[0].labels.a: expected a version number (a whole number of 64 bits), got 9223372036854775808"],
    },
    {
      name: "an empty label",
      text: 'models: [{ name: m, path: /m, labels: { "": 1 } }]',
      want: ['1:45 models[0].labels[""]: expected a label, got an empty one'],
    },
    {
      name: "two policies at once",
      text: "models: [{ name: m, path: /m, versions: { latest: 1, all: true } }]",
      want: ["1:41 models[0].versions: expected exactly one of latest: n, all: true, specific: [n]"],
    },
    {
      name: "an unknown policy",
      text: "models: [{ name: m, path: /m, versions: newest }]",
      want: ['1:41 models[0].versions: expected "all", got "newest"'],
    },
    {
      name: "a bare percentage",
      text: "models: []\nresilience: { retries: { budget: 20 } }",
      want: ["2:34 resilience.retries.budget: expected a percentage like 20%, got 20"],
    },
    {
      name: "more than all",
      text: "models: []\nresilience: { retries: { budget: 120% } }",
      want: ['2:34 resilience.retries.budget: expected a percentage like 20%, got "120%"'],
    },
    {
      name: "a duration without a unit",
      text: "models: []\nserver: { drainTimeout: '10' }",
      want: ['2:25 server.drainTimeout: expected a duration like 10s, 500ms or 1m, got "10"'],
    },
    {
      name: "no gRPC at all",
      text: "models: []\nserver: { grpc: { port: off } }",
      want: ["2:25 server.grpc.port: off needs a socketPath to listen on"],
    },
    {
      name: "a port out of range",
      text: "models: []\nserver: { rest: { port: 65536 } }",
      want: ["2:25 server.rest.port: expected a port from 0 (any free one) to 65535, or off, got 65536"],
    },
    {
      name: "CORS for what is no origin",
      text: "models: []\nserver: { rest: { cors: [https://a.example/] } }",
      want: ['2:25 server.rest.cors: expected an origin like https://example.org, got "https://a.example/"'],
    },
    {
      name: "CORS for a single word",
      text: "models: []\nserver: { rest: { cors: all } }",
      want: ['2:25 server.rest.cors: expected true, false or a list of origins, got "all"'],
    },
    {
      name: "an unknown choice of compatibility",
      text: "models: []\ncompatibility: { strictJSON: true }",
      want: ['2:18 compatibility.strictJSON: unknown key (did you mean "strictJson"?)'],
    },
    {
      name: "a scalar for a mapping",
      text: "models: []\nserver: 8501",
      want: ["2:9 server: expected a mapping, got 8501"],
    },
    { name: "a scalar for a list", text: "models: m", want: ['1:9 models: expected a list, got "m"'] },
    {
      name: "nothing for a value",
      text: "models: []\nserver: { host: }",
      want: ["2:17 server.host: expected text, got nothing"],
    },
    {
      name: "no workers",
      text: "models: []\nworkers: { count: 0 }",
      want: ["2:19 workers.count: expected at least 1 where there are no pools, got 0"],
    },
    {
      name: "a route for an unknown model",
      text: `${MODEL}\nroutes: [{ match: { model: n }, to: [{ version: 1 }] }]`,
      want: ['2:28 routes[0].match.model: no model is called "n" (did you mean "m"?)'],
    },
    {
      name: "labels that the model doesn't have, wherever they stand",
      text: `${MODEL}\nroutes:\n  - match: { model: m, label: x }\n    to: [{ label: y }]\n  - match: { model: m }\n    split: [{ label: a, weight: 1 }, { label: zz, weight: 1 }]`,
      want: [
        '3:31 routes[0].match.label: model "m" has no label "x" (did you mean "a"?)',
        '4:19 routes[0].to[0].label: model "m" has no label "y" (did you mean "a"?)',
        '6:47 routes[1].split[1].label: model "m" has no label "zz"',
      ],
    },
    {
      name: "a route with both ways out, or none",
      text: `${MODEL}\nroutes:\n  - { match: { model: m }, to: [{ version: 1 }], split: [{ version: 1, weight: 1 }] }\n  - { match: { model: m } }`,
      want: [
        "3:5 routes[0]: expected exactly one of to, split, chain, or rewrite alone",
        "4:5 routes[1]: expected exactly one of to, split, chain, or rewrite alone",
      ],
    },
    {
      name: "a target that names both, or nothing",
      text: `${MODEL}\nroutes: [{ match: { model: m }, to: [{ version: 1, label: a }, {}] }]`,
      want: [
        "2:38 routes[0].to[0]: expected exactly one of version, label",
        "2:64 routes[0].to[1]: expected at least one of model, version, label, signature, pool",
      ],
    },
    {
      name: "an arm that says only its weight",
      text: `${MODEL}\nroutes: [{ match: { model: m }, split: [{ weight: 1 }] }]`,
      want: ["2:41 routes[0].split[0]: expected at least one of model, version, label, signature, pool"],
    },
    {
      name: "shadows that nothing tells apart or lead nowhere",
      text: `${MODEL}\nroutes:\n  - { match: { model: m }, to: [{ version: 1 }], shadow: [{ version: 2 }, { version: 2, signature: s }] }\n  - { match: { model: m }, to: [{ version: 1 }], shadow: { percent: 5% } }\n  - { match: { model: m }, to: [{ version: 1 }], shadow: { label: zz } }`,
      want: [
        '3:75 routes[0].shadow[1]: is called "2" as shadow[0] is: give one of them a name',
        "4:58 routes[1].shadow: expected at least one of model, version, label, signature, pool",
        '5:67 routes[2].shadow.label: model "m" has no label "zz"',
      ],
    },
    {
      name: "weights that let nothing through",
      text: `${MODEL}\nroutes: [{ match: { model: m }, split: [{ version: 1, weight: 0 }] }]`,
      want: ["2:40 routes[0].split: expected at least one weight over 0"],
    },
    {
      name: "a negative weight",
      text: `${MODEL}\nroutes: [{ match: { model: m }, split: [{ version: 1, weight: -1 }] }]`,
      want: ["2:63 routes[0].split[0].weight: expected a number, at least 0, or a percentage like 5%, got -1"],
    },
    {
      name: "stickiness without a split",
      text: `${MODEL}\nroutes: [{ match: { model: m }, to: [{ version: 1 }], sticky: { header: x } }]`,
      want: ["2:63 routes[0].sticky: is for a split, a match.percent or a shadow's percent only"],
    },
    {
      name: "a header name that none can be",
      text: `${MODEL}\nroutes: [{ match: { model: m, headers: { "a b": x } }, to: [{ version: 1 }] }]`,
      want: ['2:49 routes[0].match.headers["a b"]: expected a header name, got "a b"'],
    },
    {
      name: "faults of the shape and between the parts, all at once",
      text: `server: { hots: x }\nmodels:\n  - { name: m, path: }\n  - { name: m, path: gs://x }\nroutes:\n  - { match: { model: q }, to: [] }\n`,
      want: [
        '1:11 server.hots: unknown key (did you mean "host"?)',
        "3:22 models[0].path: expected a path, got nothing",
        '4:13 models[1].name: "m" is the name of models[0] already',
        '4:22 models[1].path: gs:// paths are not supported: mount the bucket or sync it to a local folder, and name that ("gs://x")',
        '6:23 routes[0].match.model: no model is called "q" (did you mean "m"?)',
        "6:32 routes[0].to: expected at least one item, got none",
      ],
    },
  ]) {
    test(name, () => expect(problems(text)).toEqual(want));
  }

  test("aliases without an anchor before them, each where it stands", () => {
    const text = `models:\n  - *lter\n  - &later { name: m, path: /m }\nroutes:\n  - { match: { model: m }, to: [{ version: 1 }], name: *latr }`;
    expect(problems(text)).toEqual([
      "2:5: no anchor &lter stands before this alias",
      "5:56: no anchor &latr stands before this alias (did you mean *later?)",
    ]);
  });

  test("an alias bomb", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
    for (const [from, to] of ["ab", "bc", "cd", "de"])
      bomb.push(`${to}: &${to} [${Array(10).fill(`*${from}`).join(", ")}]`);
    expect(problems(bomb.join("\n"))[0]).toMatch(/alias/);
  });
});
