import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Cores,
  commandOf,
  descendantsOf,
  freePort,
  pin,
  projectFolder,
  scratchFolder,
  start,
  until,
} from "./frame/index.ts";
import { tensorflowFolder, tensorflowPython } from "./peers/python.ts";

/** A gateway with one worker, as users start them. Whoever starts it disposes of it. */
export interface Product extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly rest: string;
  /** `127.0.0.1:PORT` */
  readonly grpc: string;
  readonly gatewayPid: number;
  readonly workerPid: number;
  /** Where the worker listens: what stands beside the gateway calls the same process there. */
  readonly workerSocket: string;
}

/** Entries of a configuration. `server` is not among them: ports are free ones. */
export interface ProductConfig {
  readonly models: readonly { readonly name: string; readonly path: string; readonly [key: string]: unknown }[];
  readonly [key: string]: unknown;
}

/** Starts it, waits until all models are served, and moves the worker to its core. */
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
    const worker = workerBelow(running.pid);
    pin(worker.pid, cores.rest);
    const readyAt = performance.now();
    return {
      rest: `http://127.0.0.1:${rest}`,
      grpc: `127.0.0.1:${grpc}`,
      gatewayPid: running.pid,
      workerPid: worker.pid,
      workerSocket: worker.socket,
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

/** A gateway tells its worker in a flag where to listen. */
function workerBelow(gateway: number): { readonly pid: number; readonly socket: string } {
  for (const pid of descendantsOf(gateway)) {
    const flag = commandOf(pid).find((word) => word.startsWith(SETTINGS));
    if (flag === undefined) continue;
    const { grpc } = JSON.parse(flag.slice(SETTINGS.length)) as { grpc: { socketPath: string } };
    return { pid, socket: grpc.socketPath };
  }
  throw new Error("the gateway has no worker");
}
