import { describe, expect, test } from "vitest";
import { defaultConfig, parseConfigText } from "../../config/index.ts";

const FILE = "/etc/gate/config.yaml";

function parse(text: string): ReturnType<typeof parseConfigText> {
  return parseConfigText(text, FILE);
}

const MODEL = "models: [{ name: m, path: /m, labels: { a: 1 } }]";

test("reads every key of the design's picture", () => {
  const config = parse(`
server:   { rest: {port: 8501}, grpc: {port: 8500} }
workers:  { count: 2, engine: tensorflow }
models:
  - name: textcnn
    path: ../examples/models/textcnn
    versions: { latest: 2 }
    labels: { stable: 3, canary: 4 }
routes:
  - match: { model: textcnn, headers: { X-Tenant: beta } }
    to: [ { label: canary } ]
  - match: { model: textcnn }
    split: [ { label: stable, weight: 95 }, { version: 4, weight: 5 } ]
    sticky: { header: X-User-Id }
resilience: { timeout: 10s, retries: { budget: 20% }, breaker: { errorThreshold: 50% } }
`);
  expect(config.models).toEqual([
    {
      name: "textcnn",
      path: "/etc/examples/models/textcnn",
      versions: { by: "latest", count: 2 },
      labels: new Map([
        ["stable", 3n],
        ["canary", 4n],
      ]),
      tags: undefined,
      retry: true,
      batching: undefined,
    },
  ]);
  const all = { choice: { by: "latest" }, signature: undefined, client: undefined, percent: undefined };
  const target = { model: undefined, signature: undefined, pool: undefined };
  const rest = {
    shadows: [],
    fallback: undefined,
    defaultOutputs: undefined,
    responseHeaders: new Map(),
    ramp: undefined,
  };
  const model = { by: "exact", value: "textcnn" };
  expect(config.routes).toEqual([
    {
      ...rest,
      name: "routes[0]",
      place: expect.stringMatching(/:\d+:5$/),
      match: { ...all, model, headers: new Map([["x-tenant", { by: "exact", value: "beta" }]]) },
      action: { by: "to", targets: [{ ...target, choice: { by: "label", label: "canary" } }] },
      sticky: undefined,
    },
    {
      ...rest,
      name: "routes[1]",
      place: expect.stringMatching(/:\d+:5$/),
      match: { ...all, model, headers: new Map() },
      action: {
        by: "split",
        arms: [
          { name: "stable", target: { ...target, choice: { by: "label", label: "stable" } }, weight: 95 },
          { name: "4", target: { ...target, choice: { by: "version", version: 4n } }, weight: 5 },
        ],
      },
      sticky: { by: "header", name: "x-user-id" },
    },
  ]);
  expect(config.resilience).toMatchObject({
    timeoutMs: 10_000,
    retries: { budgetPercent: 20 },
    breaker: { errorThresholdPercent: 50 },
  });
});

test("fills in TensorFlow Serving's defaults", () => {
  expect(parse("models: []")).toEqual(defaultConfig());
  expect(defaultConfig()).toMatchObject({
    server: {
      host: "0.0.0.0",
      rest: { port: 8501, timeoutMs: 30_000, maxBytes: 256 * 2 ** 20, cors: false },
      grpc: { port: 8500, socketPath: undefined, maxBytes: 2 ** 31 - 1 },
      drainTimeoutMs: 8000,
      logLevel: "info",
      monitoring: { path: undefined },
    },
    workers: {
      count: 2,
      memoryBudgetBytes: undefined,
      load: {
        poll: { by: "interval", everyMs: 1000 },
        retries: 5,
        retryIntervalMs: 60_000,
        tags: ["serve"],
        warmup: true,
      },
      allowVersionLabelsForUnavailable: false,
    },
    resilience: { timeoutMs: Number.POSITIVE_INFINITY },
    compatibility: { strictJson: false, urlSafeBase64: false },
  });
});

test("takes a section with nothing below it as missing", () => {
  expect(parse("models: []\nserver:\nroutes:\n  # - match: { model: m }\n")).toEqual(defaultConfig());
});

test("reads JSON, tabs and a byte order mark included", () => {
  expect(parse('\uFEFF{\n\t"$schema": "x.json",\n\t"models": [],\n\t"server": {"host": "::"}\n}').server.host).toBe(
    "::",
  );
});

test("keeps int64 versions exact, and any key as a label", () => {
  const { models } = parse(`models:
  - { name: m, path: /m, versions: { specific: [9007199254740993, -1, "4"] }, labels: { top: 9223372036854775807, 7: 7, __proto__: 1, 稳定: 2 } }`);
  expect(models[0]?.versions).toEqual({ by: "specific", versions: [9007199254740993n, -1n, 4n] });
  expect([...(models[0]?.labels ?? [])]).toEqual(
    expect.arrayContaining([
      ["top", 9223372036854775807n],
      ["7", 7n],
      ["__proto__", 1n],
      ["稳定", 2n],
    ]),
  );
});

const inRest = (line: string) => parse(`models: []\nserver: { rest: { ${line} } }`).server.rest;
const inLoad = (line: string) => parse(`models: []\nworkers: { load: { ${line} } }`).workers.load;
const inGrpc = (line: string) => parse(`models: []\nserver: { grpc: { ${line} } }`).server.grpc;
const inWorkers = (line: string) => parse(`models: []\nworkers: { ${line} }`).workers;

describe("values", () => {
  for (const { of, got, want } of [
    { of: "a duration in seconds", got: inRest("timeout: 10s").timeoutMs, want: 10_000 },
    { of: "a duration in milliseconds", got: inRest("timeout: 500ms").timeoutMs, want: 500 },
    { of: "a duration in minutes", got: inRest("timeout: 1m").timeoutMs, want: 60_000 },
    { of: "a duration of several parts", got: inRest("timeout: 1h1m1.5s").timeoutMs, want: 3_661_500 },
    { of: "a duration as a number", got: inRest("timeout: 250").timeoutMs, want: 250 },
    { of: "CORS for all", got: inRest("cors: true").cors, want: true },
    {
      of: "CORS for some",
      got: inRest("cors: [https://a.example, 'http://localhost:3000']").cors,
      want: ["https://a.example", "http://localhost:3000"],
    },
    { of: "no duration", got: inRest("timeout: none").timeoutMs, want: Number.POSITIVE_INFINITY },
    { of: "a size in MiB", got: inRest("maxBytes: 1.5MiB").maxBytes, want: 1_572_864 },
    { of: "a size in MB", got: inRest("maxBytes: 64 MB").maxBytes, want: 64_000_000 },
    { of: "a size in bytes", got: inRest("maxBytes: 1000").maxBytes, want: 1000 },
    { of: "any free port", got: inRest("port: 0").port, want: 0 },
    { of: "no port", got: inRest("port: off").port, want: undefined },
    { of: "a socket", got: inGrpc("port: off, socketPath: run/s").socketPath, want: "/etc/gate/run/s" },
    { of: "a poll", got: inLoad("poll: 5s").poll, want: { by: "interval", everyMs: 5000 } },
    { of: "a poll of 0", got: inLoad("poll: 0").poll, want: { by: "once" } },
    { of: "a poll once", got: inLoad("poll: once").poll, want: { by: "once" } },
    { of: "a negative poll", got: inLoad("poll: -1").poll, want: { by: "never" } },
    { of: "a poll never", got: inLoad("poll: never").poll, want: { by: "never" } },
    { of: "no local workers beside endpoints", got: inWorkers("endpoints: [a:1, '[::1]:2']").count, want: 0 },
    { of: "devices by number", got: inWorkers("devices: [0, '1,2']").devices, want: ["0", "1,2"] },
    { of: "a memory budget", got: inWorkers("memoryBudget: 2GiB").memoryBudgetBytes, want: 2 ** 31 },
  ]) {
    test(of, () => expect(got).toEqual(want));
  }
  for (const { versions, want } of [
    { versions: "all", want: { by: "all" } },
    { versions: "{ all: true }", want: { by: "all" } },
    { versions: "{ specific: [] }", want: { by: "specific", versions: [] } },
  ]) {
    test(`versions: ${versions}`, () =>
      expect(parse(`models: [{ name: m, path: /m, versions: ${versions} }]`).models[0]?.versions).toEqual(want));
  }
  test("a route for an explicit version or label", () => {
    const { routes } = parse(
      `${MODEL}\nroutes: [{ match: { model: m, version: 7 }, to: [{ version: 8 }] }, { match: { model: m, label: a }, to: [{ version: 8 }] }]`,
    );
    expect(routes.map(({ match }) => match.choice)).toEqual([
      { by: "version", version: 7n },
      { by: "label", label: "a" },
    ]);
  });
});

test("checks routes against models from elsewhere, which stand instead of the file's", () => {
  const models = parse(MODEL).models;
  const text = "models: [{ name: other, path: /o }]\nroutes: [{ match: { model: m }, to: [{ label: a }] }]";
  expect(parseConfigText(text, FILE, { models }).models).toEqual(models);
  expect(() => parse(text)).toThrow('no model is called "m"');
});

test("anchors and merge keys save repeating", () => {
  const { models } = parse(`
models:
  - &first { name: a, path: /a, versions: all }
  - { <<: *first, name: b }
`);
  expect(models.map(({ name, path, versions }) => [name, path, versions.by])).toEqual([
    ["a", "/a", "all"],
    ["b", "/a", "all"],
  ]);
});
