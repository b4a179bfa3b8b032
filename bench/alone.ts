import { grpcContestants, restContestants, stage } from "./against-envoy.ts";
import { type Comparison, type Contestant, compare } from "./compare.ts";
import type { Benchmark, Row } from "./frame/index.ts";
import { HALF_PLUS_TWO } from "./models.ts";
import { mergingOf } from "./product.ts";
import { predictRequest } from "./requests.ts";

/** The same model twice, so that the same gateway and worker answer with and without merging. */
const MERGED = "half_plus_two";
const UNMERGED = "half_plus_two_unmerged";
const INPUTS = '{"x":{"dtype":"DT_FLOAT","tensorShape":{"dim":[{"size":"3"}]},"floatVal":[1.0,2.0,5.0]}}';
const WANT = [2.5, 3, 4.5];
const BODY = { ours: '{"instances": [1.0, 2.0, 5.0]}', inputs: INPUTS, want: WANT };

export const benchmark: Benchmark = {
  name: "alone",
  title: "predict of 3 floats over one connection, against Envoy, and against this gateway with merging off",
  goals: [
    { row: "rest-p50", measure: "one REST request alone, median latency", of: "ratio", want: { atMost: 1.3 } },
    { row: "grpc-p50", measure: "one gRPC request alone, median latency", of: "ratio", want: { atMost: 1.3 } },
    // Nothing but noise is allowed for; a wait for company would be a multiple of it.
    {
      row: "rest-merging-p50",
      measure: "one REST request alone, merging on against off",
      of: "ratio",
      want: { atMost: 1.1 },
    },
    {
      row: "grpc-merging-p50",
      measure: "one gRPC request alone, merging on against off",
      of: "ratio",
      want: { atMost: 1.1 },
    },
  ],
  run: async (options) => {
    await using on = await stage({
      models: [
        { name: MERGED, path: HALF_PLUS_TWO },
        { name: UNMERGED, path: HALF_PLUS_TWO, batching: "off" },
      ],
    });
    const rest = (model: string): [Contestant, Contestant] => restContestants(on, { model, bodies: [BODY] }, 1);
    const grpc = async (model: string): Promise<[Contestant, Contestant]> =>
      await grpcContestants(
        on,
        { name: model, message: predictRequest(model, "x", Float32Array.of(1, 2, 5), [3]), want: WANT },
        1,
      );
    const [restOurs, restEnvoy] = rest(MERGED);
    const [grpcOurs, grpcEnvoy] = await grpc(MERGED);
    const overRest = await compare([restOurs, unmerged(rest(UNMERGED)), restEnvoy], options);
    const overGrpc = await compare([grpcOurs, unmerged(await grpc(UNMERGED)), grpcEnvoy], options);
    return {
      rows: [...rowsOf("REST", overRest), ...rowsOf("gRPC", overGrpc)],
      requests: { ...countsOf("REST", overRest), ...countsOf("gRPC", overGrpc) },
      settings: { ...on.settings, connections: "1", merging: await mergingOf(on.product) },
    };
  },
};

const NAME_OF_UNMERGED = "tensorgate, merging off";

function unmerged([ours]: readonly [Contestant, Contestant]): Contestant {
  return { ...ours, name: NAME_OF_UNMERGED };
}

/** Each quantity against Envoy alone, and the median once more against ourselves without merging. */
function rowsOf(edge: "REST" | "gRPC", { rows }: Comparison): Row[] {
  return rows.flatMap((row) => {
    const { key, label, sides } = row;
    const [ours, ...others] = sides;
    const only = (keep: (name: string) => boolean): Row["sides"] => [ours, ...others.filter(({ name }) => keep(name))];
    const named = { ...row, label: `${edge}: ${label}` };
    const against = { ...named, key: `${edge.toLowerCase()}-${key}`, sides: only((name) => name !== NAME_OF_UNMERGED) };
    if (key !== "p50") return [against];
    return [
      against,
      { ...named, key: `${edge.toLowerCase()}-merging-${key}`, sides: only((name) => name === NAME_OF_UNMERGED) },
    ];
  });
}

function countsOf(edge: string, { requests }: Comparison): Comparison["requests"] {
  return Object.fromEntries(Object.entries(requests).map(([side, counts]) => [`${side}, ${edge}`, counts]));
}
