import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Cores,
  commandOf,
  descendantsOf,
  freePort,
  pin,
  projectFolder,
  type Running,
  scratchFolder,
  start,
  until,
} from "./frame/index.ts";
import { tensorflowFolder, tensorflowPython } from "./peers/python.ts";

/** A process that runs models. */
export interface BenchWorker {
  readonly pid: number;
  /** In gRPC's syntax: what stands beside the gateway calls the same process there. */
  readonly address: string;
}

/** A gateway with its workers, as users start them. Whoever starts it disposes of it. */
export interface Product extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly rest: string;
  /** `127.0.0.1:PORT` */
  readonly grpc: string;
  readonly gatewayPid: number;
  /** Those that it has started itself. */
  readonly workers: readonly BenchWorker[];
}

/** Entries of a configuration. `server` is not among them: ports are free ones. */
export interface ProductConfig {
  readonly models: readonly { readonly name: string; readonly path: string; readonly [key: string]: unknown }[];
  readonly [key: string]: unknown;
}

/** Starts it, with one worker unless `config` says otherwise, waits until all models are served, and moves workers to their core. */
export async function startProduct(config: ProductConfig, cores: Cores): Promise<Product> {
  const file = join(scratchFolder(), "tensorgate.json");
  const [rest, grpc] = [await freePort(), await freePort()];
  // No access log: the peers write none either.
  const server = { host: "127.0.0.1", rest: { port: rest }, grpc: { port: grpc }, logLevel: "warn" };
  writeFileSync(file, JSON.stringify({ workers: { count: 1 }, ...config, server }));
  const program = [...profileFlags(), join(projectFolder(), "dist/cli/main.js"), "serve", `--config=${file}`];
  const running = start(process.execPath, program, {
    core: cores.proxy,
    env: withTensorFlow(process.env),
  });
  try {
    await until(async () => (await fetch(`http://127.0.0.1:${rest}/readyz`)).ok, running);
    const workers = workersBelow(running.pid);
    for (const { pid } of workers) pin(pid, cores.rest);
    const readyAt = performance.now();
    return {
      rest: `http://127.0.0.1:${rest}`,
      grpc: `127.0.0.1:${grpc}`,
      gatewayPid: running.pid,
      workers,
      [Symbol.asyncDispose]: async () => {
        profiled.push({ pid: running.pid, readyMs: performance.now() - readyAt });
        await running.stop();
      },
    };
  } catch (thrown) {
    await running.stop();
    throw thrown;
  }
}

/** The library that Python peers run too, unless the environment names another. */
export function withTensorFlow(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const named = env["TENSORGATE_TENSORFLOW"];
  return { ...env, TENSORGATE_TENSORFLOW: named ?? tensorflowFolder(tensorflowPython()) };
}

/** A gateway that has ended, and how long it had been ready. */
export interface Profiled {
  readonly pid: number;
  readonly readyMs: number;
}

const profiled: Profiled[] = [];
let profileFolder: string | undefined;

/** From now on gateways write a profile of their time into `folder` when they end. Answers those that have ended so far. */
export function profileProducts(folder: string): () => readonly Profiled[] {
  profileFolder = folder;
  return () => profiled;
}

function profileFlags(): readonly string[] {
  return profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`];
}

/** By model, whether the gateway joins concurrent calls of its default signature, and why not: as it says itself, after a load. */
export async function mergingOf({ rest }: Product): Promise<string> {
  const { models } = (await (await fetch(`${rest}/statusz`)).json()) as {
    models: { name: string; versions: { merging?: "off" | Record<string, { is: string; reason?: string }> }[] }[];
  };
  const said = models.map(({ name, versions }) => {
    const merging = versions[0]?.merging ?? "off";
    if (merging === "off") return `${name}: off`;
    const { is = "unknown", reason } = merging["serving_default"] ?? {};
    return `${name}: ${is}${reason === undefined ? "" : `, ${reason}`}`;
  });
  return said.join("; ");
}

const SETTINGS = "--worker_settings=";

/** A gateway tells its workers in a flag where to listen. */
function workersBelow(gateway: number): readonly BenchWorker[] {
  return descendantsOf(gateway).flatMap((pid) => {
    const flag = commandOf(pid).find((word) => word.startsWith(SETTINGS));
    if (flag === undefined) return [];
    const { grpc } = JSON.parse(flag.slice(SETTINGS.length)) as { grpc: { socketPath: string } };
    return [{ pid, address: `unix:${grpc.socketPath}` }];
  });
}

/** Workers by themselves, on ports of this machine: what a pool of the gateway calls, and a peer beside it. */
export async function startWorkers(count: number, cores: Cores): Promise<readonly BenchWorker[] & AsyncDisposable> {
  const running: Running[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(running.map((each) => each.stop())));
  try {
    const workers: BenchWorker[] = [];
    while (workers.length < count) {
      const port = await freePort();
      const flags = ["--host=127.0.0.1", `--port=${port}`];
      const worker = start(process.execPath, [join(projectFolder(), "dist/cli/main.js"), "worker", ...flags], {
        core: cores.rest,
        env: withTensorFlow(process.env),
      });
      running.push(worker);
      workers.push({ pid: worker.pid, address: `127.0.0.1:${port}` });
    }
    return Object.assign(workers, { [Symbol.asyncDispose]: stop });
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}
