import { readFileSync } from "node:fs";
import { NO_DEADLINE, silentLogger } from "../core/index.ts";
import { decodePredictRequest, type Tensor } from "../tensor/index.ts";
import { createTensorFlowEngine } from "../worker/engine/index.ts";
import { ensureRuntime } from "../worker/runtime/index.ts";
import { quantile } from "./frame/index.ts";
import type { Load } from "./load/load.ts";

/** What this program prints, as JSON: its own load, the processor time of a run, and the values of output `y`. */
export interface BareRun extends Load {
  readonly cpuMicros: number;
  readonly y: readonly number[];
}

/**
 * A program: `bare-engine VERSION_FOLDER REQUEST_FILE SECONDS`. Feeds the tensors of a serialized PredictRequest to
 * `serving_default`, one run after the other, with nothing around the engine and TensorFlow on one thread.
 */
async function run(folder: string, requestFile: string, seconds: number): Promise<BareRun> {
  const runtime = await ensureRuntime({ say: () => {} });
  const engine = createTensorFlowEngine(runtime, { intraOpThreads: 1, interOpThreads: 1 }, silentLogger);
  const model = await engine.load(folder, { tags: ["serve"] });
  const { inputs, outputs } = model.signatures.get("serving_default") ?? { inputs: new Map(), outputs: new Map() };
  const feeds = Array.from(
    decodePredictRequest(readFileSync(requestFile)).inputs,
    ([alias, tensor]): [string, Tensor] => [inputs.get(alias)?.name ?? alias, tensor()],
  );
  const fetches = [outputs.get("y")?.name ?? "y"];
  const timed = async (): Promise<{ readonly ms: number; readonly y: Tensor | undefined }> => {
    const from = performance.now();
    const [y] = await model.run({ plan: "serving_default", feeds, fetches, deadline: NO_DEADLINE });
    return { ms: performance.now() - from, y };
  };

  let last = await timed();
  for (let left = WARM_UP_RUNS; left > 0; left--) last = await timed();
  const times: number[] = [];
  const cpu = process.cpuUsage();
  const from = performance.now();
  let now = from;
  for (; now < from + seconds * 1000; now = performance.now()) times.push((await timed()).ms);
  const { user, system } = process.cpuUsage(cpu);
  const sorted = Float64Array.from(times).sort();
  return {
    answered: times.length,
    failed: 0,
    failures: "",
    seconds: (now - from) / 1000,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    cpuMicros: (user + system) / times.length,
    y: last.y?.kind === "packed" ? [...new Float32Array(Uint8Array.from(last.y.data).buffer)] : [],
  };
}

/** Until the engine has found where such runs go, and TensorFlow has laid out its weights. */
const WARM_UP_RUNS = 30;

const [folder = "", requestFile = "", seconds = "0"] = process.argv.slice(2);
process.stdout.write(`\n${JSON.stringify(await run(folder, requestFile, Number(seconds)))}\n`, () => process.exit(0));
