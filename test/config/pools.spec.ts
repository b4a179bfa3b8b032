import { describe, expect, test } from "vitest";
import { parseConfigText } from "../../config/index.ts";
import { problemsOf } from "./problems.ts";

const FILE = "/etc/gate/config.yaml";
const MODEL = "models: [{ name: m, path: /m }]";

const problems = (text: string): string[] => problemsOf(() => parseConfigText(text, FILE), FILE);

test("a pool has defaults for all but its name and endpoints", () => {
  const { pools } = parseConfigText(`${MODEL}\npools: [{ name: far, endpoints: ["a:1"] }]`, FILE);
  expect(pools).toEqual([
    {
      name: "far",
      kind: "tensorgate",
      endpoints: [{ address: "a:1", priority: 0 }],
      dns: [],
      dnsServers: [],
      refreshMs: 10_000,
      balance: { by: "leastRequest" },
      limits: { maxInFlight: Number.POSITIVE_INFINITY, maxInFlightPerEndpoint: Number.POSITIVE_INFINITY },
      pollIntervalMs: 1_000,
    },
  ]);
});

test("a pool says all of its settings", () => {
  const text = `${MODEL}
pools:
  - name: far
    kind: tensorflow-serving
    endpoints: ["[fd00::1]:8500", { address: b:2, priority: 1 }]
    dns: headless:8500
    dnsServers: [10.0.0.2, "127.0.0.1:8600", "[fd00::2]:53", "fd00::3"]
    refresh: 3s
    balance: ringHash
    ringHash: { header: X-User }
    limits: { maxInFlight: 64, maxInFlightPerEndpoint: 8 }
    pollInterval: 250ms`;
  expect(parseConfigText(text, FILE).pools).toEqual([
    {
      name: "far",
      kind: "tensorflow-serving",
      endpoints: [
        { address: "[fd00::1]:8500", priority: 0 },
        { address: "b:2", priority: 1 },
      ],
      dns: [{ address: "headless:8500", priority: 0 }],
      dnsServers: ["10.0.0.2", "127.0.0.1:8600", "[fd00::2]:53", "fd00::3"],
      refreshMs: 3_000,
      balance: { by: "ringHash", key: { by: "header", name: "x-user" } },
      limits: { maxInFlight: 64, maxInFlightPerEndpoint: 8 },
      pollIntervalMs: 250,
    },
  ]);
});

test("names to look up are one or a list, each with its priority", () => {
  const text = `${MODEL}\npools: [{ name: far, dns: [a:1, { address: b:2, priority: 3 }] }]`;
  expect(parseConfigText(text, FILE).pools[0]?.dns).toEqual([
    { address: "a:1", priority: 0 },
    { address: "b:2", priority: 3 },
  ]);
});

test("a model of a tensorflow-serving pool needs no path, and local is the pool of models that name none", () => {
  const text = `
pools: [{ name: far, kind: tensorflow-serving, endpoints: ["a:1"] }]
models: [{ name: m, pool: far }, { name: n, pool: local, path: n }, { name: o, path: /o }]`;
  const { models } = parseConfigText(text, FILE);
  expect(models.map(({ name, pool, path }) => [name, pool, path])).toEqual([
    ["m", "far", ""],
    ["n", undefined, "/etc/gate/n"],
    ["o", undefined, "/o"],
  ]);
});

describe("a configuration is refused for", () => {
  for (const { name, text, want } of [
    {
      name: "a pool that nobody has",
      text: `pools: [{ name: far, endpoints: ["a:1"] }]\nmodels: [{ name: m, path: /m, pool: fra }]`,
      want: ['2:37 models[0].pool: no pool is called "fra" (did you mean "far"?)'],
    },
    {
      name: "a target in a pool that nobody has",
      text: `${MODEL}\nroutes: [{ match: { model: m }, split: [{ pool: loca, weight: 1 }], shadow: { pool: x } }]`,
      want: [
        '2:49 routes[0].split[0].pool: no pool is called "loca" (did you mean "local"?)',
        '2:85 routes[0].shadow.pool: no pool is called "x"',
      ],
    },
    {
      name: "a model without a path, of workers",
      text: `pools: [{ name: far, endpoints: ["a:1"] }]\nmodels: [{ name: m }, { name: n, pool: far }]`,
      want: ["2:10 models[0].path: is missing", "2:23 models[1].path: is missing"],
    },
    {
      name: "a model without a path that a route sends to workers",
      text: `pools: [{ name: far, kind: tensorflow-serving, endpoints: ["a:1"] }]
models: [{ name: m, pool: far }]
routes: [{ match: { model: m }, to: [{ pool: far }, { pool: local }] }]`,
      want: ['3:61 routes[0].to[1].pool: model "m" has no path, which pool "local" needs to load it'],
    },
    {
      name: "a pool's name twice, or that of the local workers",
      text: `${MODEL}\npools:\n  - { name: a, endpoints: ["a:1"] }\n  - { name: a, endpoints: ["b:1"] }\n  - { name: local, endpoints: ["c:1"] }`,
      want: [
        '4:13 pools[1].name: "a" is the name of pools[0] already',
        '5:13 pools[2].name: "local" is the pool of the local workers',
      ],
    },
    {
      name: "a worker in two pools",
      text: `${MODEL}\nworkers: { endpoints: ["w:1"] }\npools:\n  - { name: a, endpoints: ["a:1", "w:1"] }\n  - { name: b, endpoints: [{ address: a:1 }] }\n  - { name: c, kind: tensorflow-serving, endpoints: ["a:1"] }`,
      want: [
        "4:35 pools[0].endpoints[1]: w:1 is an endpoint of workers already: a worker takes its models from one pool",
        "5:28 pools[1].endpoints[0]: a:1 is an endpoint of pools[0] already: a worker takes its models from one pool",
      ],
    },
    {
      name: "a pool without endpoints, and settings of other kinds",
      text: `${MODEL}\npools: [{ name: a, ringHash: { client: true }, pollInterval: 1s }]`,
      want: [
        "2:9 pools[0]: expected endpoints, dns or both",
        "2:30 pools[0].ringHash: is for balance: ringHash only",
        "2:62 pools[0].pollInterval: is for kind: tensorflow-serving only",
      ],
    },
    {
      name: "words and addresses that are none",
      text: `${MODEL}\npools: [{ name: a, kind: tensorflow_serving, balance: rand, endpoints: [a], dns: [{ address: b }], limits: { maxInFlight: 0 } }]`,
      want: [
        '2:26 pools[0].kind: expected one of "tensorgate", "tensorflow-serving", got "tensorflow_serving" (did you mean "tensorflow-serving"?)',
        '2:55 pools[0].balance: expected one of "leastRequest", "roundRobin", "ringHash", "leastLoaded", got "rand"',
        '2:73 pools[0].endpoints[0]: expected an address like worker-1:8500, got "a"',
        '2:94 pools[0].dns[0].address: expected an address like worker-1:8500, got "b"',
        "2:123 pools[0].limits.maxInFlight: expected a whole number, at least 1, got 0",
      ],
    },
    {
      name: "ports and DNS servers that cannot be",
      text: `${MODEL}\npools:\n  - { name: a, dnsServers: 10.0.0.2, endpoints: ["a:70000", "b:0"] }\n  - { name: b, dns: a:1, dnsServers: [dns.test, "10.0.0.2:0", "fd00::2:53x"] }`,
      want: [
        '3:50 pools[0].endpoints[0]: expected an address like worker-1:8500, got "a:70000"',
        '3:61 pools[0].endpoints[1]: expected an address like worker-1:8500, got "b:0"',
        '4:39 pools[1].dnsServers[0]: expected an address like 10.0.0.2 or 127.0.0.1:8600, got "dns.test"',
        '4:49 pools[1].dnsServers[1]: expected an address like 10.0.0.2 or 127.0.0.1:8600, got "10.0.0.2:0"',
        '4:63 pools[1].dnsServers[2]: expected an address like 10.0.0.2 or 127.0.0.1:8600, got "fd00::2:53x"',
      ],
    },
    {
      name: "DNS servers without a name to ask for",
      text: `${MODEL}\npools: [{ name: a, endpoints: ["a:1"], dnsServers: 10.0.0.2 }]`,
      want: ["2:52 pools[0].dnsServers: is for names in dns only"],
    },
    {
      name: "local models without local workers",
      text: `${MODEL}\nworkers: { count: 0 }\npools: [{ name: a, endpoints: ["a:1"] }]`,
      want: ["1:10 models[0]: names no pool, and workers.count is 0"],
    },
  ]) {
    test(name, () => expect(problems(text)).toEqual(want));
  }
});
