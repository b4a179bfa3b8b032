import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Contestant, compare } from "./compare.ts";
import { type Options, type Outcome, planCores, versionOf } from "./frame/index.ts";
import { wrk } from "./load/wrk.ts";
import { program } from "./peers/programs.ts";
import { TENSORFLOW } from "./peers/python.ts";
import { type Peer, type PeerModel, PYTHON_SERVERS } from "./peers/python-servers.ts";
import { startProduct } from "./product.ts";
import { checkJson } from "./requests.ts";
import { WARMED_UP, warmUp, warmUpModels } from "./warm-up.ts";

/** One JSON request to a model, and what it must answer. */
export interface PythonComparison {
  /** `path` is the model's folder, `version` the one in it that the peers load. */
  readonly model: { readonly name: string; readonly path: string; readonly version: string };
  readonly shapes: Pick<PeerModel, "rowShape" | "outputSize">;
  /** The rows of the request as nested lists, and how many they are. */
  readonly rows: string;
  readonly count: number;
  /** Flat. */
  readonly want: readonly number[];
  readonly connections: number;
}

/**
 * The gateway with its worker against each of the Python servers: one core for everything that serves, the other for the
 * load generator; only the one that is measured has work.
 */
export async function pythonComparison(options: Options, of: PythonComparison): Promise<Outcome> {
  const { proxy, rest } = planCores();
  const { model, shapes, rows, count, want, connections } = of;
  const folder = mkdtempSync(join(tmpdir(), "tensorgate-bench-payload-"));
  const running: AsyncDisposable[] = [];
  const contestant = ({ name, pid, url, bodyOf, pick }: Omit<Peer, typeof Symbol.asyncDispose>): Contestant => {
    const body = bodyOf(rows, count);
    const bodyFile = join(folder, `${name}.json`);
    writeFileSync(bodyFile, body);
    return {
      name,
      pid,
      check: () => checkJson(url, body, (answer) => [pick(answer)].flat(3), want),
      load: (seconds, scratch) =>
        wrk({ url, bodyFiles: [bodyFile], contentType: "application/json", connections, seconds, core: rest, scratch }),
    };
  };

  try {
    const product = await startProduct(
      {
        models: [{ name: model.name, path: model.path }, ...warmUpModels()],
        workers: { count: 1, session: { intraOpThreads: 1, interOpThreads: 1 } },
      },
      { proxy, rest: proxy },
    );
    running.push(product);
    await warmUp(product, rest, options);
    const ours = contestant({
      name: "tensorgate",
      pid: product.gatewayPid,
      url: `${product.rest}/v1/models/${model.name}:predict`,
      bodyOf: (instances) => `{"instances":${instances}}`,
      pick: ({ predictions }: { predictions: unknown }) => predictions,
    });
    const peers: Contestant[] = [];
    const peerModel = { ...shapes, path: join(model.path, model.version) };
    for (const { start } of Object.values(PYTHON_SERVERS)) {
      const peer = await start(peerModel, proxy);
      running.push(peer);
      peers.push(contestant(peer));
    }
    const { rows: measured, requests } = await compare([ours, ...peers], options);
    return {
      // Processor time is asked of one process, and most of the peers are several.
      rows: measured.filter(({ key }) => key !== "cpu"),
      requests,
      settings: {
        pinning: proxy === undefined ? "none" : `what serves on core ${proxy}, the load generator on core ${rest}`,
        tensorgate: "one process, one worker, TensorFlow on one thread, no access log",
        ...Object.fromEntries(
          Object.entries(PYTHON_SERVERS).map(([name, { packages }]) => [
            name,
            `${[...packages, TENSORFLOW].join(", ")}; one worker`,
          ]),
        ),
        "load generator": `${versionOf(program("wrk"), "-v")}, one thread`,
        connections: String(connections),
        "warm-up": `tensorgate: ${WARMED_UP}`,
      },
    };
  } finally {
    for (const each of running.toReversed()) await each[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  }
}
