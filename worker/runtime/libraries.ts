import { access, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Framework library and main library, by how they are packed: the wheels for Linux and macOS, then the C API's own archives. */
const PAIRS = [
  ["libtensorflow_framework.so.2", "libtensorflow_cc.so.2"],
  ["libtensorflow_framework.2.dylib", "libtensorflow_cc.2.dylib"],
  ["libtensorflow_framework.so.2", "libtensorflow.so.2"],
  ["libtensorflow_framework.2.dylib", "libtensorflow.2.dylib"],
] as const;

export interface Libraries {
  readonly folder: string;
  readonly frameworkFile: string;
  readonly mainFile: string;
}

/** The libraries in a folder, or in the `tensorflow` (of a site-packages) or `lib` below it. */
export async function findLibraries(folder: string): Promise<Libraries | undefined> {
  for (const candidate of [folder, join(folder, "tensorflow"), join(folder, "lib")]) {
    for (const [frameworkFile, mainFile] of PAIRS) {
      if ((await exists(join(candidate, frameworkFile))) && (await exists(join(candidate, mainFile)))) {
        return { folder: candidate, frameworkFile, mainFile };
      }
    }
  }
  return undefined;
}

/** Whether a file inside a wheel is one of the libraries. */
export function isLibrary(path: string): boolean {
  return dirname(path) === "tensorflow" && PAIRS.some((pair) => pair.some((file) => file === basename(path)));
}

export interface Distribution {
  readonly version: string;
  /** `tensorflow-cpu` and its like: no CUDA kernels inside. */
  readonly cpuOnly: boolean;
}

const DIST_INFO =
  /^(?:intel_)?(?:tensorflow|tf_nightly)(_cpu|_macos|_intel|_rocm|_cpu_aws)?-(\d[^-]*)\.dist-info(?:\/|$)/i;

/** What a `NAME-VERSION.dist-info` says; undefined for another project's. */
export function distributionOf(path: string): Distribution | undefined {
  const [, flavour = "", version] = DIST_INFO.exec(path) ?? [];
  return version === undefined ? undefined : { version, cpuOnly: flavour.toLowerCase().startsWith("_cpu") };
}

/** The Python distribution that an installed `tensorflow` folder belongs to. */
export async function distributionBeside(tensorflowFolder: string): Promise<Distribution | undefined> {
  for (const name of await names(dirname(tensorflowFolder))) {
    const distribution = distributionOf(name);
    if (distribution !== undefined) return distribution;
  }
  return undefined;
}

/** The `lib` folders of the `nvidia-*` packages in a folder called `nvidia`. */
export async function cudaFoldersIn(nvidiaFolder: string): Promise<string[]> {
  const folders: string[] = [];
  for (const name of await names(nvidiaFolder)) {
    const folder = join(nvidiaFolder, name, "lib");
    if ((await names(folder)).some((file) => file.includes(".so"))) folders.push(folder);
  }
  return folders;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Empty for what is no folder. */
async function names(folder: string): Promise<string[]> {
  return readdir(folder).then(
    (found) => found.sort(),
    () => [],
  );
}
