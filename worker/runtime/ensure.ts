import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type CacheEntry, cacheFolder, entryName, readEntry, removeCache } from "./cache.ts";
import { install, installFile, type Workshop } from "./install.ts";
import { cudaFoldersIn, distributionBeside, findLibraries } from "./libraries.ts";
import { thisPlatform, wheelFor } from "./platform.ts";
import { createProgress, type Progress } from "./progress.ts";
import { type PythonPackages, pythonPackages } from "./python.ts";
import { NoRuntimeError, type Runtime } from "./runtime.ts";
import type { Wheel } from "./wheels.ts";

export interface RuntimeOptions {
  /** Ask for CUDA kernels. Default false. */
  readonly gpu?: boolean;
  /** Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Takes what a person should read, line by line. Default: stderr. */
  readonly say?: (line: string) => void;
  /** Default: a bar on stderr if that is a terminal, else lines there. */
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** The first release whose libraries hold what this program calls, in the files that it looks for. */
const OLDEST: readonly [number, number] = [2, 16];

/**
 * A TensorFlow library, fetched if there is none (once: it stays in the cache): what `TENSORGATE_TENSORFLOW` names, else the cache, else an
 * installed Python TensorFlow, else the wheel from the package index. Throws NoRuntimeError, whose message says what to do.
 */
export async function ensureRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const found = await locateRuntime(options);
  if (found !== undefined) return found;
  const gpu = options.gpu ?? false;
  const entry = await install(wheelFor(thisPlatform(), gpu), workshop(options));
  return { ...entry, origin: "download", extraLibraryPaths: await cuda(entry.folder, options) };
}

/**
 * The library that {@link ensureRuntime} would use without a download; undefined when there is none. Throws NoRuntimeError for a
 * `TENSORGATE_TENSORFLOW` that names no library: another one in its place would surprise.
 */
export async function locateRuntime(options: RuntimeOptions = {}): Promise<Runtime | undefined> {
  const shop = workshop(options);
  const named = shop.env["TENSORGATE_TENSORFLOW"];
  if (named) return fromEnvironment(named, shop, options);
  const wheel = wheelHere(options.gpu ?? false);
  const entry = wheel && (await readEntry(shop.cache, entryName(wheel.file, wheel.sha256)));
  if (entry) return { ...entry, origin: "cache", extraLibraryPaths: await cuda(entry.folder, options) };
  return fromPython(shop, options);
}

/** Removes what was fetched; libraries named by `TENSORGATE_TENSORFLOW` or installed with Python stay. Answers the removed folder, if there was one. */
export async function removeRuntime(options: RuntimeOptions = {}): Promise<string | undefined> {
  const { cache } = workshop(options);
  return (await removeCache(cache)) ? cache : undefined;
}

function workshop(options: RuntimeOptions): Workshop {
  const env = options.env ?? process.env;
  return {
    cache: cacheFolder(env),
    env,
    say: options.say ?? ((line) => void process.stderr.write(`${line}\n`)),
    progress: options.progress ?? createProgress(),
    signal: options.signal,
  };
}

/** Undefined where there is none: a library of the user's own may still be found. */
function wheelHere(gpu: boolean): Wheel | undefined {
  try {
    return wheelFor(thisPlatform(), gpu);
  } catch {
    return undefined;
  }
}

async function fromEnvironment(named: string, shop: Workshop, options: RuntimeOptions): Promise<Runtime> {
  const about = await stat(named).catch(() => undefined);
  if (about === undefined) throw new NoRuntimeError(`TENSORGATE_TENSORFLOW names ${named}, which is not there.`);
  let found: CacheEntry | undefined;
  if (about.isDirectory()) {
    const libraries = await findLibraries(named);
    const version = libraries && (await distributionBeside(libraries.folder))?.version;
    found = libraries && { ...libraries, version: version ?? "unknown" };
  } else if (named.endsWith(".whl")) {
    found = await installFile(named, shop);
  }
  if (found === undefined) {
    throw new NoRuntimeError(
      `TENSORGATE_TENSORFLOW names ${named}, which holds no TensorFlow library. It takes a folder with libtensorflow_cc and libtensorflow_framework in it (the "tensorflow" of a Python installation), or a wheel file.`,
    );
  }
  return { ...found, origin: "env", extraLibraryPaths: await cuda(found.folder, options) };
}

async function fromPython(shop: Workshop, options: RuntimeOptions): Promise<Runtime | undefined> {
  const packages = await pythonPackages(shop.env);
  for (const folder of packages.tensorflow) {
    const libraries = await findLibraries(folder);
    const distribution = await distributionBeside(folder);
    if (libraries === undefined || distribution === undefined) continue;
    const { version, cpuOnly } = distribution;
    if (isTooOld(version)) {
      shop.say(`Passing over the TensorFlow ${version} in ${folder}: older than ${OLDEST.join(".")}.`);
    } else if (options.gpu && cpuOnly) {
      shop.say(`Passing over the TensorFlow ${version} in ${folder}: it has no GPU support.`);
    } else {
      return { ...libraries, version, origin: "python", extraLibraryPaths: await cuda(folder, options, packages) };
    }
  }
  return undefined;
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

/** With `gpu`, the folders of the CUDA libraries: those installed beside this TensorFlow, else those of the machine's Python. */
async function cuda(tensorflow: string, options: RuntimeOptions, packages?: PythonPackages): Promise<string[]> {
  if (!options.gpu) return [];
  const shop = workshop(options);
  const beside = await cudaFoldersIn(join(dirname(tensorflow), "nvidia"));
  if (beside.length > 0) return beside;
  for (const nvidia of (packages ?? (await pythonPackages(shop.env))).nvidia) {
    const folders = await cudaFoldersIn(nvidia);
    if (folders.length > 0) return folders;
  }
  shop.say(
    'No CUDA libraries were found among the Python packages. Unless the system has its own, TensorFlow will see no GPU: pip install "tensorflow[and-cuda]".',
  );
  return [];
}
