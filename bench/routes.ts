import type { ModelConfig, RouteConfig } from "../config/index.ts";
import { LATEST, modelName, NO_DEADLINE, version } from "../core/index.ts";
import type { InferenceCall } from "../gateway/call.ts";
import { compileRoutes, decide, resolve, routeStage } from "../gateway/routing/index.ts";
import { Registry } from "../gateway/upstream/index.ts";
import type { ModelReport } from "../protos/index.ts";
import { type Benchmark, callsPerSecond, type Row, type Side } from "./frame/index.ts";

/** Lookups of one timed call. */
const LOOKUPS = 1000;

/** Steps through the models in an order in which no two follow each other that lie together. */
const STRIDE = 7919;

interface Setup {
  readonly name: string;
  readonly models: number;
  /** How many different requests come, in turns. */
  readonly asked: number;
  /** Routes of each model, each for a tenant of its own. */
  readonly tenants: number;
}

const SETUPS: readonly Setup[] = [
  { name: "10,000 models, 100 of them asked for", models: 10_000, asked: 100, tenants: 1 },
  { name: "100 models, all asked for", models: 100, asked: 100, tenants: 1 },
  { name: "1 model", models: 1, asked: 1, tenants: 1 },
  { name: "10,000 models, all asked for in turns", models: 10_000, asked: 10_000, tenants: 1 },
  { name: "10,000 routes of one model, 100 of them asked for", models: 1, asked: 100, tenants: 10_000 },
  { name: "100 routes of one model, all asked for", models: 1, asked: 100, tenants: 100 },
];

/** From a parsed request to the endpoints that have its version, with a route for each model. */
export const benchmark: Benchmark = {
  name: "routes",
  title: "one lookup of a route, a version and its endpoints, by the number of models",
  goals: [
    { row: "lookup", measure: "routes and models: a lookup among 10,000, µs", of: "value", want: { atMost: 1 } },
    { row: "lookup", measure: "routes and models: among 10,000 against 100", of: "ratio", want: { atMost: 1.5 } },
    { row: "tenants", measure: "10,000 routes of one model against 100", of: "ratio", want: { atMost: 1.5 } },
  ],
  run: async (options) => {
    const measured = callsPerSecond(SETUPS.map(lookups), options);
    const side = (i: number): Side => ({
      name: SETUPS[i]?.name ?? "",
      samples: (measured[i] ?? []).map((calls) => 1e6 / calls / LOOKUPS),
    });
    const row = { unit: "µs", better: "less" } as const;
    const rows: Row[] = [
      { ...row, key: "lookup", label: "the same 100 models asked for", sides: [side(0), side(1)] },
      // What grows here is memory: ten thousand models don't fit the processor's caches, one does.
      {
        ...row,
        key: "scattered",
        label: "all models asked for, each long after the last time",
        sides: [side(3), side(2)],
      },
      { ...row, key: "tenants", label: "the same 100 tenants of one model", sides: [side(4), side(5)] },
    ];
    return { rows, settings: { routes: "by a header's value: one for each model, or one for each tenant of a model" } };
  },
};

/** A function that looks up many calls and gives how many endpoints it found. */
function lookups({ models, asked, tenants }: Setup): () => number {
  const names = Array.from({ length: models }, (_, i) => `model-${i}`);
  const table = compileRoutes({
    models: names.map(modelOf),
    routes: names.flatMap((name) => Array.from({ length: tenants }, (_, i) => routeOf(name, tenantOf(i)))),
  });
  const registry = new Registry<string>();
  registry.report("worker-0", { complete: true, models: names.map(reportOf), generation: "1", memory_bytes: "0" });
  const calls = Array.from({ length: asked }, (_, i) =>
    callOf(names[(i * STRIDE) % models] as string, tenantOf((i * STRIDE) % tenants)),
  );
  let next = 0;
  return () => {
    let found = 0;
    for (let i = 0; i < LOOKUPS; i++) {
      const call = calls[next++ % asked] as InferenceCall;
      const decision = decide(table, call);
      const [stage] = decision?.route.stages ?? [];
      const target =
        decision === undefined || stage === undefined || stage.by === "chain"
          ? resolve(table, registry, call.spec.name, call.spec.choice)
          : routeStage(table, registry, decision, stage).target;
      found += registry.endpointsOf(target.name, target.version).length;
    }
    if (found !== LOOKUPS) throw new Error(`${found} endpoints were found instead of ${LOOKUPS}`);
    return found;
  };
}

function modelOf(name: string): ModelConfig {
  return {
    name: modelName(name),
    path: `/models/${name}`,
    versions: { by: "latest", count: 1 },
    labels: new Map(),
    tags: undefined,
    retry: true,
    batching: undefined,
    pool: undefined,
  };
}

function tenantOf(index: number): string {
  return `tenant-${index}`;
}

function routeOf(name: string, tenant: string): RouteConfig {
  const target = {
    model: undefined,
    choice: { by: "version", version: version(1) },
    signature: undefined,
    pool: undefined,
  } as const;
  return {
    name: `${name} for ${tenant}`,
    place: "",
    match: {
      model: { by: "exact", value: name },
      choice: LATEST,
      signature: undefined,
      headers: new Map([["x-tenant", { by: "exact", value: tenant }]]),
      client: undefined,
      percent: undefined,
    },
    action: { by: "to", targets: [target] },
    sticky: undefined,
    shadows: [],
    fallback: undefined,
    defaultOutputs: undefined,
    responseHeaders: new Map(),
    ramp: undefined,
  };
}

function reportOf(name: string): ModelReport {
  const row = {
    version: "1",
    state: "AVAILABLE",
    status: { error_code: "OK", error_message: "" },
    signature_def_map: Buffer.alloc(0),
    failed_loads: "0",
    wanted: true,
    directory: `/models/${name}/1`,
    load_micros: "0",
    warmup_micros: "0",
    warmup_records: "0",
    merging: [],
    batching_file: "",
  } as const;
  return { name, versions: [row], discovered: true, removed: false, problem: "" };
}

function callOf(name: string, tenant: string): InferenceCall {
  return {
    method: "Predict",
    spec: { name: modelName(name), choice: LATEST, signature: "" },
    body: { messageFor: () => new Uint8Array() },
    header: (header) => (header === "x-tenant" ? tenant : undefined),
    deadline: NO_DEADLINE,
    signal: new AbortController().signal,
  };
}
