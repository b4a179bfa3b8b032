import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BareRun } from "./bare-engine.ts";
import { type Contestant, compare } from "./compare.ts";
import {
  type Benchmark,
  type Options,
  type Outcome,
  planCores,
  printed,
  type Row,
  scratchFolder,
  versionOf,
} from "./frame/index.ts";
import { h2load } from "./load/h2load.ts";
import { benchModel } from "./models.ts";
import { program } from "./peers/programs.ts";
import { startProduct, withTensorFlow } from "./product.ts";
import { CNN_SHAPE, cnnAnswer, ramp } from "./ramp.ts";
import { checkPredict, framed, isNear, PREDICT, predictRequest } from "./requests.ts";
import { WARMED_UP, warmUp, warmUpModels } from "./warm-up.ts";

const CONNECTIONS = 32;

/** The same model twice, so that the same gateway and worker answer with and without merging. */
const MERGED = "cnn";
const UNMERGED = "cnn_unmerged";

export const benchmark: Benchmark = {
  name: "cnn",
  title: "a CNN that computes for milliseconds a row, over gRPC, against the bare engine in a loop in one process",
  goals: [
    {
      row: "throughput",
      measure: "a compute-bound CNN against the bare engine in a loop in one process",
      of: "ratio",
      want: { atLeast: 0.95 },
    },
    {
      row: "throughput-unmerged",
      measure: "the same with merging off",
      of: "ratio",
      want: { atLeast: 0.95 },
    },
  ],
  run: measureCnn,
};

/** What computes, gateway and worker or the bare engine, has one core; the load generator has the other. */
async function measureCnn(options: Options): Promise<Outcome> {
  const { proxy, rest } = planCores();
  const path = benchModel("cnn");
  await using product = await startProduct(
    {
      models: [{ name: MERGED, path }, { name: UNMERGED, path, batching: "off" }, ...warmUpModels()],
      workers: { count: 1, session: { intraOpThreads: 1, interOpThreads: 1 } },
    },
    { proxy, rest: proxy },
  );
  await warmUp(product, rest, options);
  const want = cnnAnswer();
  const scratch = scratchFolder();

  const served = async (name: string, model: string): Promise<Contestant> => {
    const message = predictRequest(model, "x", ramp(), [1, ...CNN_SHAPE]);
    const bodyFile = join(scratch, `${model}.bin`);
    writeFileSync(bodyFile, framed(message));
    const address = product.grpc;
    const answerBytes = 5 + (await checkPredict(address, message, want));
    return {
      name,
      pid: product.gatewayPid,
      workerPids: product.workers.map(({ pid }) => pid),
      check: async () => void (await checkPredict(address, message, want)),
      load: (seconds, folder) =>
        h2load({
          address,
          path: PREDICT,
          bodyFile,
          answerBytes,
          connections: CONNECTIONS,
          seconds,
          core: rest,
          scratch: folder,
        }),
    };
  };

  const requestFile = join(scratch, "request.bin");
  writeFileSync(requestFile, predictRequest(MERGED, "x", ramp(), [1, ...CNN_SHAPE]));
  const cpuOfLoops: number[] = [];
  const loop = async (seconds: number): Promise<BareRun> => {
    const script = fileURLToPath(import.meta.resolve("#asset/dist/bench/bare-engine.js"));
    const args = [script, join(path, "1"), requestFile, String(seconds)];
    const said = await printed(process.execPath, args, { core: proxy, env: withTensorFlow(process.env) });
    return JSON.parse(said.slice(said.lastIndexOf("\n{"))) as BareRun;
  };
  const bare: Contestant = {
    name: BARE,
    // Its processor time it tells by itself; with the worker's of nobody, all contestants have the same rows.
    pid: 0,
    workerPids: [],
    check: async () => {
      const { y } = await loop(0);
      if (!isNear(y, want)) throw new Error(`the bare engine answered ${JSON.stringify(y)}`);
    },
    load: async (seconds) => {
      const run = await loop(seconds);
      cpuOfLoops.push(run.cpuMicros);
      return run;
    },
  };

  const merged = await served("tensorgate", MERGED);
  const unmerged = await served("tensorgate, merging off", UNMERGED);
  const { rows, requests } = await compare([merged, unmerged, bare], options);
  return {
    rows: rowsOf(rows, cpuOfLoops.slice(-options.rounds)),
    requests,
    settings: {
      pinning:
        proxy === undefined
          ? "none: the system places the processes"
          : `gateway and worker, or the bare engine, on core ${proxy}; the load generator on core ${rest}`,
      model: "twelve convolutions of 64 channels on 32×32×3, one row a request",
      tensorgate:
        "one process, one worker, no access log, otherwise as it comes; TensorFlow on one thread on all sides",
      "load generator": `${versionOf(program("h2load"))}, one thread, one call at a time on a connection`,
      connections: String(CONNECTIONS),
      "warm-up": WARMED_UP,
    },
  };
}

/** Of a loop there is no latency under load to compare with. `bareCpu` in µs a run. */
function rowsOf(rows: readonly Row[], bareCpu: readonly number[]): Row[] {
  const found = new Map(rows.map(({ key, sides }) => [key, sides]));
  const samples = (key: string, side: number): readonly number[] => found.get(key)?.[side]?.samples ?? [];
  return [
    { side: 0, suffix: "", label: "" },
    { side: 1, suffix: "-unmerged", label: ", merging off" },
  ].flatMap(({ side, suffix, label }): Row[] => {
    const name = `tensorgate${label}`;
    const cpu = samples("cpu", side).map((gateway, i) => (gateway + (samples("worker-cpu", side)[i] ?? 0)) / 1000);
    return [
      {
        key: `throughput${suffix}`,
        label: `throughput${label}`,
        unit: "requests/s",
        better: "more",
        sides: [
          { name, samples: samples("throughput", side) },
          { name: BARE, samples: samples("throughput", 2) },
        ],
      },
      {
        key: `cpu${suffix}`,
        label: `processor time of gateway and worker, or of the loop${label}`,
        unit: "ms/request",
        better: "less",
        sides: [
          { name, samples: cpu },
          { name: BARE, samples: bareCpu.map((micros) => micros / 1000) },
        ],
      },
    ];
  });
}

const BARE = "bare engine";
