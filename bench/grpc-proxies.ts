import { grpcContestant, grpcContestants, type Stage, stage } from "./against-envoy.ts";
import { compare } from "./compare.ts";
import type { Benchmark, Outcome } from "./frame/index.ts";
import { HALF_PLUS_TWO } from "./models.ts";
import { startHaproxy } from "./peers/haproxy.ts";
import { startNginx } from "./peers/nginx.ts";
import type { BenchWorker } from "./product.ts";
import { predictRequest } from "./requests.ts";

const CONNECTIONS = 32;

export const benchmark: Benchmark = {
  name: "grpc-proxies",
  title: "gRPC Predict of 3 floats over 32 connections, against Envoy, nginx and HAProxy passing it through",
  goals: [],
  run: async (options) => {
    await using on = await stage({ models: [{ name: "half_plus_two", path: HALF_PLUS_TWO }] });
    const { address } = on.workers[0] as BenchWorker;
    await using nginx = await startNginx(address, on.cores);
    await using haproxy = await startHaproxy(address, on.cores);
    return await compared(on, [nginx, haproxy], options);
  },
};

async function compared(
  on: Stage,
  proxies: readonly Awaited<ReturnType<typeof startNginx>>[],
  options: Parameters<Benchmark["run"]>[0],
): Promise<Outcome> {
  const request = {
    name: "half_plus_two",
    message: predictRequest("half_plus_two", "x", Float32Array.of(1, 2, 5), [3]),
    want: [2.5, 3, 4.5],
  };
  const [ours, envoy] = await grpcContestants(on, request, CONNECTIONS);
  const others = await Promise.all(
    proxies.map(
      async ({ name, pid, grpc }) => await grpcContestant(on, request, CONNECTIONS, { name, pid, address: grpc }),
    ),
  );
  const versions = Object.fromEntries(
    proxies.map(({ name, version }) => [name, `${version}, in front of the same worker`]),
  );
  const found = await compare([ours, envoy, ...others], options);
  return { ...found, settings: { ...on.settings, ...versions, connections: String(CONNECTIONS) } };
}
