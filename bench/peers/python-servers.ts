import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchFolder, freePort, type Running, start, until } from "../frame/index.ts";
import { pythonWith, tensorflowFolder, tensorflowPython } from "./python.ts";

/** A model with one float input and one float output, rows first. */
export interface PeerModel {
  /** A version's folder. */
  readonly path: string;
  /** Of one row of the input; [] is a number. One row of the output is a number, or a list of `outputSize`. */
  readonly rowShape: readonly number[];
  readonly outputSize?: number;
}

/** A server that listens. Whoever starts it disposes of it. */
export interface Peer extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Where predictions are asked for, by POST of JSON. */
  readonly url: string;
  /** `rows` as nested lists; the server's own form of it. */
  readonly bodyOf: (rows: string, count: number) => string;
  /** The predictions in an answer; nested or flat, as the server has them. */
  readonly pick: (answer: never) => unknown;
}

/** Starts one with everything on `core`; it answers predictions when this resolves. */
export type StartPeer = (model: PeerModel, core: number | undefined) => Promise<Peer>;

const FASTAPI = ["fastapi==0.165.0", "uvicorn[standard]==0.54.0", "orjson"];
const LITSERVE = ["litserve==0.2.19", "uvicorn[standard]==0.54.0"];
const BENTOML = ["bentoml==1.4.39"];
const MLSERVER = ["mlserver==1.7.1"];
const TRITON = ["nvidia-pytriton==0.7.0"];

/** By name, with the packages that each is made of. */
export const PYTHON_SERVERS: Readonly<
  Record<string, { readonly packages: readonly string[]; readonly start: StartPeer }>
> = {
  FastAPI: { packages: FASTAPI, start: script("FastAPI", FASTAPI, "fastapi_server.py") },
  LitServe: { packages: LITSERVE, start: script("LitServe", LITSERVE, "litserve_server.py") },
  BentoML: { packages: BENTOML, start: startBentoML },
  MLServer: { packages: MLSERVER, start: startMLServer },
  Triton: { packages: TRITON, start: startTriton },
};

const SCRIPTS = join(benchFolder(), "python");
const instances = (rows: string): string => `{"instances":${rows}}`;

function script(name: string, packages: readonly string[], file: string): StartPeer {
  return async (model, core) => {
    const port = await freePort();
    const python = pythonOf(name.toLowerCase(), packages);
    const env = { ...environment(model), BENCH_PORT: String(port) };
    return await ready(
      start(python, [join(SCRIPTS, file)], { core, env }),
      {
        name,
        url: `http://127.0.0.1:${port}/predict`,
        bodyOf: instances,
        pick: ({ predictions }: { predictions: unknown }) => predictions,
      },
      model,
    );
  };
}

async function startBentoML(model: PeerModel, core: number | undefined): Promise<Peer> {
  const port = await freePort();
  const bentoml = join(pythonOf("bentoml", BENTOML), "../bentoml");
  const env = { ...environment(model), BENTOML_DO_NOT_TRACK: "true" };
  const args = ["serve", "bentoml_service:Bench", "--host", "127.0.0.1", "--port", String(port)];
  return await ready(
    start(bentoml, args, { core, env, cwd: SCRIPTS }),
    {
      name: "BentoML",
      url: `http://127.0.0.1:${port}/predict`,
      bodyOf: instances,
      pick: (predictions: unknown) => predictions,
    },
    model,
  );
}

async function startMLServer(model: PeerModel, core: number | undefined): Promise<Peer> {
  const [http_port, grpc_port, metrics_port] = [await freePort(), await freePort(), await freePort()];
  const mlserver = join(pythonOf("mlserver", MLSERVER), "../mlserver");
  const folder = mkdtempSync(join(tmpdir(), "tensorgate-bench-mlserver-"));
  const write = (file: string, settings: object): void => writeFileSync(join(folder, file), JSON.stringify(settings));
  // Without parallel workers the model runs where the HTTP server does, which on one core is the fastest.
  write("settings.json", { host: "127.0.0.1", http_port, grpc_port, metrics_port, parallel_workers: 0, debug: false });
  write("model-settings.json", {
    name: "bench",
    implementation: "mlserver_model.Bench",
    max_batch_size: MAX_BATCH,
    max_batch_time: 0.001,
  });
  const running = start(mlserver, ["start", folder], { core, env: environment(model) });
  return await ready(
    running,
    {
      name: "MLServer",
      url: `http://127.0.0.1:${http_port}/v2/models/bench/infer`,
      ...openInference("x", model.rowShape),
    },
    model,
    folder,
  );
}

async function startTriton(model: PeerModel, core: number | undefined): Promise<Peer> {
  const [http, grpc] = [await freePort(), await freePort()];
  const python = pythonOf("triton", TRITON);
  const [site = "", libraries = "", version = ""] = factsOf(python);
  const home = join(site, "pytriton/tritonserver");
  const folder = mkdtempSync(join(tmpdir(), "tensorgate-bench-triton-"));
  const backend = join(folder, "backends/python");
  cpSync(join(home, "backends/python"), backend, { recursive: true });
  cpSync(
    join(home, "python_backend_stubs", version, "triton_python_backend_stub"),
    join(backend, "triton_python_backend_stub"),
  );
  const repository = join(folder, "models");
  mkdirSync(join(repository, "bench/1"), { recursive: true });
  cpSync(join(SCRIPTS, "triton_model.py"), join(repository, "bench/1/model.py"));
  writeFileSync(join(repository, "bench/config.pbtxt"), tritonConfig(model));
  const settings = [`--model-repository=${repository}`, `--backend-directory=${join(folder, "backends")}`];
  const ports = [`--http-port=${http}`, `--grpc-port=${grpc}`, "--http-address=127.0.0.1", "--grpc-address=127.0.0.1"];
  const { PATH, ...env } = environment(model);
  const running = start(join(home, "bin/tritonserver"), [...settings, ...ports, "--allow-metrics=false"], {
    core,
    env: {
      ...env,
      PATH: `${join(python, "..")}:${PATH}`,
      BENCH_FOLDERS: [SCRIPTS, site, join(tensorflowFolder(tensorflowPython()), "..")].join(":"),
      LD_LIBRARY_PATH: `${join(site, "nvidia_pytriton.libs")}:${libraries}`,
    },
  });
  return await ready(
    running,
    {
      name: "Triton",
      url: `http://127.0.0.1:${http}/v2/models/bench/infer`,
      ...openInference("input", model.rowShape.length === 0 ? [1] : model.rowShape),
    },
    model,
    folder,
  );
}

/** All of them run the same TensorFlow. */
function pythonOf(name: string, packages: readonly string[]): string {
  return pythonWith(name, packages, tensorflowPython());
}

/** As many requests as `bench_model.py` lets the others merge. */
const MAX_BATCH = 64;

function environment({ path }: PeerModel): NodeJS.ProcessEnv {
  return { ...process.env, BENCH_MODEL: path, PYTHONPATH: SCRIPTS };
}

/** Of an interpreter: where its packages are, where its own library is, and its version as 3.11. */
function factsOf(python: string): string[] {
  const ask =
    "import sys,sysconfig as s; print(s.get_path('purelib'), s.get_config_var('LIBDIR'), '%d.%d' % sys.version_info[:2])";
  return execFileSync(python, ["-c", ask], { encoding: "utf8" }).trim().split(" ");
}

/** Its batcher with no delay: it joins what waits while the one instance is busy. */
function tritonConfig({ rowShape, outputSize }: PeerModel): string {
  return [
    'name: "bench"',
    'backend: "python"',
    `max_batch_size: ${MAX_BATCH}`,
    `input [ { name: "input" data_type: TYPE_FP32 ${form(rowShape)} } ]`,
    `output [ { name: "output" data_type: TYPE_FP32 ${form(outputSize === undefined ? [] : [outputSize])} } ]`,
    "dynamic_batching { }",
    "instance_group [ { kind: KIND_CPU count: 1 } ]",
    "",
  ].join("\n");
}

/** A row that is a number is a list of one to Triton, until it reaches the model. */
function form(shape: readonly number[]): string {
  return shape.length === 0 ? "dims: [ 1 ] reshape: { shape: [ ] }" : `dims: [ ${shape.join(", ")} ]`;
}

/** The Open Inference Protocol's JSON, which takes nested lists as data. */
function openInference(name: string, rowShape: readonly number[]): Pick<Peer, "bodyOf" | "pick"> {
  return {
    bodyOf: (rows, count) =>
      `{"inputs":[{"name":"${name}","datatype":"FP32","shape":${JSON.stringify([count, ...rowShape])},"data":${rows}}]}`,
    pick: ({ outputs: [output] }: { outputs: [{ data: unknown }] }) => output.data,
  };
}

async function ready(
  running: Running,
  peer: Omit<Peer, "pid" | typeof Symbol.asyncDispose>,
  { rowShape }: PeerModel,
  folder?: string,
): Promise<Peer> {
  const stop = async (): Promise<void> => {
    await running.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  };
  const zeros = rowShape.reduceRight((row, size) => `[${Array.from({ length: size }, () => row).join(",")}]`, "0.0");
  const body = peer.bodyOf(`[${zeros}]`, 1);
  const headers = { "content-type": "application/json" };
  try {
    await until(async () => (await fetch(peer.url, { method: "POST", body, headers })).ok, running);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { ...peer, pid: running.pid, [Symbol.asyncDispose]: stop };
}
