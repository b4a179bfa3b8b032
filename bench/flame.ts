import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type Benchmark,
  type CpuProfile,
  flameGraph,
  framesOf,
  type Options,
  projectFolder,
  scratchFolder,
} from "./frame/index.ts";
import { CACHE } from "./peers/python.ts";
import { profileProducts } from "./product.ts";

/**
 * Runs a benchmark and draws where the gateway's time goes, or this process' own where the benchmark starts no gateway.
 * Answers the SVG's path.
 */
export async function drawFlameGraph(benchmark: Benchmark, options: Options): Promise<string> {
  const folder = scratchFolder();
  const profiled = profileProducts(folder);
  const own = await profileOf(() => benchmark.run(options));
  const [product] = profiled();
  const frames =
    product === undefined
      ? framesOf(own, Number.POSITIVE_INFINITY)
      : framesOf(profileBy(product.pid, folder), product.readyMs * 1000);
  const root = `${pathToFileURL(projectFolder()).href}/`;
  const svg = flameGraph(frames, benchmark.name, (url) => url.replace(root, ""));
  mkdirSync(join(CACHE, "flames"), { recursive: true });
  const file = join(CACHE, "flames", `${benchmark.name}.svg`);
  writeFileSync(file, svg);
  return file;
}

async function profileOf(run: () => Promise<unknown>): Promise<CpuProfile> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.start");
    await run();
    const { profile } = await session.post("Profiler.stop");
    return { ...profile, samples: profile.samples ?? [], timeDeltas: profile.timeDeltas ?? [] };
  } finally {
    session.disconnect();
  }
}

/** Node writes `CPU.DATE.TIME.PID.THREAD.NUMBER.cpuprofile` when a process ends; its main thread is 0. */
function profileBy(pid: number, folder: string): CpuProfile {
  const name = readdirSync(folder).find((file) => file.includes(`.${pid}.0.`));
  if (name === undefined) throw new Error("the gateway left no profile");
  return JSON.parse(readFileSync(join(folder, name), "utf8")) as CpuProfile;
}
