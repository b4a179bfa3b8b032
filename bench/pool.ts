import { grpcContestants, restContestants, stage } from "./against-envoy.ts";
import { type Comparison, compare } from "./compare.ts";
import { type Benchmark, planCores, type Row } from "./frame/index.ts";
import { HALF_PLUS_TWO } from "./models.ts";
import { mergingOf, startWorkers } from "./product.ts";
import { predictRequest } from "./requests.ts";

const MODEL = "half_plus_two";
const CONNECTIONS = 32;
const WANT = [2.5, 3, 4.5];
const BODY = {
  ours: '{"instances": [1.0, 2.0, 5.0]}',
  inputs: '{"x":{"dtype":"DT_FLOAT","tensorShape":{"dim":[{"size":"3"}]},"floatVal":[1.0,2.0,5.0]}}',
  want: WANT,
};

export const benchmark: Benchmark = {
  name: "pool",
  title:
    "predict of 3 floats over 32 connections through a pool of two workers over TCP, against Envoy with the same two",
  goals: [
    {
      row: "grpc-throughput",
      measure: "gRPC Predict, 3 floats, through a pool of two workers",
      of: "ratio",
      want: { atLeast: 1.5 },
    },
    // Two workers share a core with the load generator: that is full before the gateway's.
    {
      row: "rest-throughput",
      measure: "REST predict, 3 floats, through a pool of two workers",
      of: "ratio",
      want: { atLeast: 3 },
    },
  ],
  run: async (options) => {
    await using workers = await startWorkers(2, planCores());
    const config = {
      workers: { count: 0 },
      pools: [{ name: "far", endpoints: workers.map(({ address }) => address) }],
      models: [{ name: MODEL, path: HALF_PLUS_TWO, pool: "far" }],
    };
    await using on = await stage(config, workers);
    const message = predictRequest(MODEL, "x", Float32Array.of(1, 2, 5), [3]);
    const grpc = await grpcContestants(on, { name: MODEL, message, want: WANT }, CONNECTIONS);
    const overGrpc = await compare(grpc, options);
    const overRest = await compare(restContestants(on, { model: MODEL, bodies: [BODY] }, CONNECTIONS), options);
    return {
      rows: [...rowsOf("gRPC", overGrpc), ...rowsOf("REST", overRest)],
      requests: { ...countsOf("gRPC", overGrpc), ...countsOf("REST", overRest) },
      settings: { ...on.settings, connections: String(CONNECTIONS), merging: await mergingOf(on.product) },
    };
  },
};

function rowsOf(edge: "REST" | "gRPC", { rows }: Comparison): Row[] {
  return rows.map((row) => ({ ...row, key: `${edge.toLowerCase()}-${row.key}`, label: `${edge}: ${row.label}` }));
}

function countsOf(edge: string, { requests }: Comparison): Comparison["requests"] {
  return Object.fromEntries(Object.entries(requests).map(([side, counts]) => [`${side}, ${edge}`, counts]));
}
