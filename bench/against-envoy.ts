import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Comparison, type Contestant, compare } from "./compare.ts";
import {
  type Cores,
  describeCores,
  figure,
  type Options,
  type Outcome,
  planCores,
  scratchFolder,
  versionOf,
} from "./frame/index.ts";
import { h2load } from "./load/h2load.ts";
import { wrk } from "./load/wrk.ts";
import { type Envoy, startEnvoy } from "./peers/envoy.ts";
import { program } from "./peers/programs.ts";
import { type BenchWorker, mergingOf, type Product, type ProductConfig, startProduct } from "./product.ts";
import { checkJson, checkPredict, framed, PREDICT, protoJsonFloats } from "./requests.ts";

/** Predict calls as JSON, one or several that take turns: in TensorFlow Serving's form for us, in proto3's for Envoy. */
export interface RestRequest {
  readonly model: string;
  readonly bodies: readonly [RestBody, ...RestBody[]];
}

export interface RestBody {
  /** The whole body of ours. */
  readonly ours: string;
  /** The value of `inputs` in a PredictRequest with the same values. */
  readonly inputs: string;
  /** The model answers it as `y`. */
  readonly want: readonly number[];
}

/** The same bytes for both. The model answers `y`. */
export interface GrpcRequest {
  /** Of the payload's file. */
  readonly name: string;
  readonly message: Buffer;
  readonly want: readonly number[];
}

/** A gateway, and an Envoy that stands in front of the same workers. */
export interface Stage extends AsyncDisposable {
  readonly cores: Cores;
  readonly product: Product;
  readonly workers: readonly BenchWorker[];
  readonly envoy: Envoy;
  /** What was set how, for the results. */
  readonly settings: Readonly<Record<string, string>>;
  /** Keeps a payload for a load generator; answers the file. */
  readonly payload: (name: string, bytes: string | Uint8Array) => string;
}

/** `far`: the workers of the gateway's pools, where it has none of its own. */
export async function stage(config: ProductConfig, far?: readonly BenchWorker[]): Promise<Stage> {
  const cores = planCores();
  const product = await startProduct(config, cores);
  const workers = far ?? product.workers;
  const addresses = workers.map(({ address }) => address);
  const envoy = await startEnvoy(addresses, cores).catch(async (thrown: unknown) => {
    await product[Symbol.asyncDispose]();
    throw thrown;
  });
  const folder = scratchFolder();
  return {
    cores,
    product,
    workers,
    envoy,
    settings: {
      pinning: describeCores(cores),
      tensorgate: `one process, ${far === undefined ? "one worker" : "a pool"}, no access log, otherwise as it comes`,
      Envoy: `${envoy.version}, --concurrency 1, in front of the same ${far === undefined ? "worker's Unix socket" : "workers, least request"}`,
    },
    payload: (name, bytes) => {
      const file = join(folder, name);
      writeFileSync(file, bytes);
      return file;
    },
    [Symbol.asyncDispose]: async () => {
      await envoy[Symbol.asyncDispose]();
      await product[Symbol.asyncDispose]();
    },
  };
}

/** Both sides of a REST call. */
export function restContestants(on: Stage, request: RestRequest, connections: number): [Contestant, Contestant] {
  const { product, workers, envoy, cores } = on;
  const { model, bodies } = request;
  const side = (
    name: string,
    pid: number,
    url: string,
    textOf: (body: RestBody) => string,
    pick: (answer: never) => unknown,
  ): Contestant => {
    const bodyFiles = bodies.map((body, index) => on.payload(`${name}-${model}-${index}.json`, textOf(body)));
    return {
      name,
      pid,
      workerPids: workers.map(({ pid: each }) => each),
      check: async () => {
        for (const body of bodies) await checkJson(url, textOf(body), pick, body.want);
      },
      load: (seconds, scratch) =>
        wrk({ url, bodyFiles, contentType: "application/json", connections, seconds, core: cores.rest, scratch }),
    };
  };
  const ourUrl = `${product.rest}/v1/models/${model}:predict`;
  const spec = JSON.stringify({ name: model });
  const theirText = ({ inputs }: RestBody): string => `{"modelSpec":${spec},"inputs":${inputs}}`;
  return [
    side(
      "tensorgate",
      product.gatewayPid,
      ourUrl,
      ({ ours }) => ours,
      ({ predictions }) => predictions,
    ),
    side("Envoy", envoy.pid, `${envoy.rest}${PREDICT}`, theirText, ({ outputs: { y } }) => protoJsonFloats(y)),
  ];
}

/** Both sides of a gRPC call. */
export async function grpcContestants(
  on: Stage,
  request: GrpcRequest,
  connections: number,
): Promise<[Contestant, Contestant]> {
  const { product, envoy } = on;
  const ours = { name: "tensorgate", pid: product.gatewayPid, address: product.grpc };
  const theirs = { name: "Envoy", pid: envoy.pid, address: envoy.grpc };
  return [await grpcContestant(on, request, connections, ours), await grpcContestant(on, request, connections, theirs)];
}

/** One side of it, once it has answered. */
export async function grpcContestant(
  { cores, workers, payload }: Stage,
  { name, message, want }: GrpcRequest,
  connections: number,
  side: { readonly name: string; readonly pid: number; readonly address: string },
): Promise<Contestant> {
  const { address } = side;
  const bodyFile = payload(`${name}.bin`, framed(message));
  const answerBytes = 5 + (await checkPredict(address, message, want));
  return {
    name: side.name,
    pid: side.pid,
    workerPids: workers.map(({ pid }) => pid),
    check: async () => void (await checkPredict(address, message, want)),
    load: (seconds, scratch) =>
      h2load({ address, path: PREDICT, bodyFile, answerBytes, connections, seconds, core: cores.rest, scratch }),
  };
}

export interface EnvoyComparison {
  readonly models: ProductConfig["models"];
  readonly connections: number;
  readonly rest?: RestRequest;
  readonly grpc?: GrpcRequest;
}

/** One call, REST or gRPC, on both sides. */
export async function envoyComparison(
  options: Options,
  { models, connections, rest, grpc }: EnvoyComparison,
): Promise<Outcome> {
  await using on = await stage({ models });
  const settings: Record<string, string> = { ...on.settings, connections: String(connections) };
  let found: Comparison;
  if (rest !== undefined) {
    found = await compare(restContestants(on, rest, connections), options);
    settings["load generator"] = `${versionOf(program("wrk"), "-v")}, one thread`;
    const [{ ours, inputs }] = rest.bodies;
    settings["request bytes"] = `${figure(ours.length)} (tensorgate), ${figure(inputs.length)} and the name (Envoy)`;
    if (rest.bodies.length > 1) settings["bodies"] = `${rest.bodies.length} that take turns`;
  } else if (grpc !== undefined) {
    found = await compare(await grpcContestants(on, grpc, connections), options);
    settings["load generator"] = `${versionOf(program("h2load"))}, one thread, one call at a time on a connection`;
    settings["request bytes"] = figure(grpc.message.byteLength);
  } else {
    throw new Error("a comparison needs a request");
  }
  return { ...found, settings: { ...settings, merging: await mergingOf(on.product) } };
}
